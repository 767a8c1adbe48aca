extension FrontEndTests {
  /// Directives, joined lines and heredocs.
  static let lines: [Row] = [
    Row(
      "# escape=`\nFROM scratch\nCOPY a`\n b /",
      uses: [], reach: ["a", "b"]),
    Row(
      "# escape=`\nFROM scratch\nCOPY a\\b /",
      uses: [], reach: ["a\\b", "~a\\b"]),
    Row(
      "#!/bin/x\n# escape=`\nFROM scratch\nCOPY a \\\n b /",
      uses: [], reach: ["a", "b"]),
    Row(
      "\u{FEFF}# escape=`\nFROM scratch\nCOPY a `\n b /",
      uses: [], reach: ["a", "b"]),
    Row(
      "# syntax=docker/dockerfile:1\n# escape=`\n# check=skip=all\nFROM scratch\nCOPY a `\n b /",
      uses: [], reach: ["a", "b"]),
    Row(
      "# note\n# escape=`\nFROM scratch\nCOPY a \\\n b /",
      uses: [], reach: ["a", "b"]),
    Row(
      "FROM scratch\nCOPY a \\\n# comment\n\n  # comment \\\n b \\\n \t\n /",
      uses: [], reach: ["a", "b"]),
    Row(
      "FROM scratch\r\nCOPY a \\\r\n b /\r\n",
      uses: [], reach: ["a", "b"]),
    Row(
      "\\\nFROM scratch\ncOpY a\tb  c /",
      uses: [], reach: ["a", "b", "c"]),
    Row(
      "FROM scratch\nCOPY a \\ \t\n b /",
      uses: [], reach: ["a", "b"]),
    Row(
      "FROM scratch\nRUN echo \\\\\nCOPY a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY a b /\\",
      uses: [], reach: ["a", "b"]),
    Row(
      "FROM scratch\n\u{A0}COPY a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY --chown=\\\n1:1 a /",
      uses: [], reach: ["a"]),
    Row(
      "# escape=`\nFROM scratch\nCOPY --from=b`:1 a /",
      uses: ["docker.io/library/b:1"], reach: []),
    Row(
      "FROM scratch\nCOPY --chown=\"a b\" c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nCOPY -- a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY --chown=\u{E0} a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY <<E a /x\nCOPY b /\nE\nCOPY c /",
      uses: [], reach: ["a", "c"]),
    Row(
      "FROM scratch\nRUN cat << E\nCOPY b /\nE\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN <<-E sh\n\tCOPY b /\n\tE\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN <<A cat <<'B C'\nx\nA\nCOPY b /\nB C\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN cat <<\"E\" | sh\n$x\nE\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN cat 3<<E\nx\nE\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN [\"cat\", \"<<E\"]\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN echo '<<E'\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN cat <<<x\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nCMD cat <<E\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nRUN a${V:-b} <<E\nCOPY b /\nE\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nADD <<E <<-F a /\n1\nE\n\t2\n\tF\nCOPY c /",
      uses: [], reach: ["a", "c"]),
    Row(
      "FROM scratch\nRUN <<E\r\nx\r\nE\r\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch\nCOPY [\"<<E\", \"a\", \"/\"]",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nRUN echo $((1<<2))\nCOPY c /",
      uses: [], reach: ["c"]),
    Row(
      "FROM scratch AS x\nONBUILD COPY <<E a /\nCOPY b /\nE\nFROM x",
      uses: [], reach: ["a"]),
  ]
}
