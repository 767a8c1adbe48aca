import DockerfileText
import ImageModel
import Testing

/// What BuildKit's own front end makes of Dockerfiles: the images and the files of the context in the graph that it
/// hands to its solver. Recorded with `dockerfile2llb` of BuildKit 0.25 (docker 28.5) for `linux/arm/v7`.
@Suite struct FrontEndTests {
  struct Row: Sendable, CustomStringConvertible {
    var text: String
    var arguments: [String: String]
    var target: String?
    var uses: [String]
    /// `~` marks a pattern; ` -` an exclude.
    var reach: [String]

    init(
      _ text: String, arguments: [String: String] = [:], target: String? = nil, uses: [String], reach: [String]
    ) {
      self.text = text
      self.arguments = arguments
      self.target = target
      self.uses = uses
      self.reach = reach
    }

    var description: String { text }
  }

  @Test(arguments: rows)
  func theFactsAreThoseOfTheFrontEnd(row: Row) {
    let facts = read(row.text, arguments: row.arguments, target: row.target)
    #expect(facts.errors.isEmpty)
    #expect(Set(facts.uses.filter { $0.role != .syntax }.map(\.reference.canonical)).sorted() == row.uses)
    guard case .selected(let selectors) = facts.reach else {
      Issue.record("the whole context counts")
      return
    }
    let reach = selectors.map { ($0.isPattern ? "~" : "") + $0.pattern + $0.excludes.map { " -" + $0 }.joined() }
    #expect(reach == row.reach)
  }

  static let rows: [Row] = [
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
    Row(
      "ARG V=1\nFROM a:$V",
      uses: ["docker.io/library/a:1"], reach: []),
    Row(
      "ARG V=1\nFROM a:$V", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V\nFROM a:${V:-2}",
      uses: ["docker.io/library/a:2"], reach: []),
    Row(
      "ARG V\nFROM a:${V:-2}", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V=1 W=$V\nFROM a:$W",
      uses: ["docker.io/library/a:1"], reach: []),
    Row(
      "ARG V=1 W=$V\nFROM a:$W", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V=1\nFROM scratch\nCOPY x$V /",
      uses: [], reach: ["x"]),
    Row(
      "ARG V=1\nFROM scratch\nCOPY x$V /", arguments: ["V": "9"],
      uses: [], reach: ["x"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V\nCOPY x$V /",
      uses: [], reach: ["x1"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V\nCOPY x$V /", arguments: ["V": "9"],
      uses: [], reach: ["x9"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V=2\nCOPY x$V /",
      uses: [], reach: ["x2"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V=2\nCOPY x$V /", arguments: ["V": "9"],
      uses: [], reach: ["x9"]),
    Row(
      "ARG V=1\nARG V\nFROM a:$V",
      uses: ["docker.io/library/a:1"], reach: []),
    Row(
      "ARG V=1\nARG V\nFROM a:$V", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V=\nFROM a${V}",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "ARG V=\nFROM a${V}", arguments: ["V": "9"],
      uses: ["docker.io/library/a9:latest"], reach: []),
    Row(
      "FROM scratch\nARG V=1\nENV W=a$V V=$V\nCOPY $W /",
      uses: [], reach: ["a1"]),
    Row(
      "FROM scratch\nARG V=1\nENV W=a$V V=$V\nCOPY $W /", arguments: ["V": "9"],
      uses: [], reach: ["a9"]),
    Row(
      "FROM scratch\nENV A=1\nENV A=2 B=$A\nCOPY $A$B /",
      uses: [], reach: ["21"]),
    Row(
      "FROM scratch\nENV K=N\nENV $K=v\nCOPY $N /",
      uses: [], reach: ["v"]),
    Row(
      "FROM scratch AS a\nENV A=1\nFROM a\nCOPY x$A /",
      uses: [], reach: ["x1"]),
    Row(
      "FROM scratch AS a\nARG V=1\nCOPY $V /\nFROM scratch\nCOPY x$V /",
      uses: [], reach: ["x"]),
    Row(
      "FROM scratch\nENV 1=x\nCOPY a$1 /",
      uses: [], reach: ["ax"]),
    Row(
      "FROM a:$TARGETARCH-$TARGETVARIANT",
      uses: ["docker.io/library/a:arm-v7"], reach: []),
    Row(
      "FROM --platform=$BUILDPLATFORM a\nARG TARGETPLATFORM\nCOPY bin/$TARGETPLATFORM /",
      uses: ["docker.io/library/a:latest"], reach: ["bin/linux/arm/v7"]),
    Row(
      "FROM b:$TARGETSTAGE AS last",
      uses: ["docker.io/library/b:last"], reach: []),
    Row(
      "FROM b:$TARGETSTAGE AS first\nFROM c", target: "first",
      uses: ["docker.io/library/b:first"], reach: []),
    Row(
      "FROM scratch\nCOPY x$HTTP_PROXY /", arguments: ["HTTP_PROXY": "p"],
      uses: [], reach: ["x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V#v}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V##*.}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V%/*}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V%%.*}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V/./_}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1_2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V//./_}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1_2_3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V:+y}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["y"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:+y}z\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["z"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U-d}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["d"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V:-$U}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:-${V#v}}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V:-${N:-$M}}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:-'}'}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["}"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"\\\"${U:-a b}\\\"\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["a b"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"'$V'\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["$V"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"\\\\$V\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["$V"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"a'b c'd\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["ab cd"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V?e}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"$V$V\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/xv1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"x$\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["x$"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V//\\\\//-}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3-x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V#?}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:-a\\\\}b}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["a}b"]),
    Row(
      "FROM a AS One\nFROM b\nCOPY --from=one x /",
      uses: ["docker.io/library/a:latest", "docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS one\nFROM b\nCOPY --from=ONE x /",
      uses: ["docker.io/library/a:latest", "docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a\nFROM b\nCOPY --from=0 x /",
      uses: ["docker.io/library/a:latest", "docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS x\nFROM b AS y\nFROM x",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "FROM a AS x\nCOPY q /\nFROM b AS y\nCOPY r /\nFROM c", target: "Y",
      uses: ["docker.io/library/b:latest"], reach: ["r"]),
    Row(
      "FROM a AS x\nFROM b AS x\nFROM x",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS scratch\nCOPY q /\nFROM scratch",
      uses: ["docker.io/library/a:latest"], reach: ["q"]),
    Row(
      "FROM scratch\nCOPY --from=scratch x /",
      uses: [], reach: []),
    Row(
      "FROM scratch\nCOPY --from=b:1 x /\nCOPY --from= y /",
      uses: ["docker.io/library/b:1"], reach: ["y"]),
    Row(
      "FROM a AS x\nFROM scratch\nRUN --mount=from=X,target=/x ls",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "FROM a AS unused\nCOPY q /\nRUN --mount=from=z,target=/z ls\nFROM b",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS x\nONBUILD COPY q /\nONBUILD RUN --mount=type=bind,source=w,target=/w ls\nONBUILD RUN --mount=from=c,target=/w ls\nFROM x",
      uses: ["docker.io/library/a:latest", "docker.io/library/c:latest"], reach: ["q", "w"]),
    Row(
      "FROM a AS x\nONBUILD COPY q /\nFROM x AS y\nFROM y",
      uses: ["docker.io/library/a:latest"], reach: ["q"]),
    Row(
      "FROM a\nONBUILD COPY --from=b q /",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "FROM scratch AS x\nONBUILD ARG V=2\nONBUILD COPY $V /\nFROM x\nCOPY z$V /",
      uses: [], reach: ["2", "z2"]),
    Row(
      "FROM scratch\nCOPY . /",
      uses: [], reach: ["."]),
    Row(
      "FROM scratch\nCOPY / /",
      uses: [], reach: ["."]),
    Row(
      "FROM scratch\nCOPY /a//b/./c/../d /",
      uses: [], reach: ["a/b/d"]),
    Row(
      "FROM scratch\nCOPY ../../a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY a*/b? [c]d /",
      uses: [], reach: ["~a*/b?", "~[c]d"]),
    Row(
      "FROM scratch\nCOPY a\\*b /",
      uses: [], reach: ["~a*b"]),
    Row(
      "FROM scratch\nADD a https://h/b.tgz https://g/r.git#v1 git://h/r /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY --link --chmod=755 a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY --exclude=*.o --exclude='b c' a d* /",
      uses: [], reach: ["a -*.o -b c", "~d* -*.o -b c"]),
    Row(
      "FROM scratch\nCOPY --parents a/./b/*.c d /",
      uses: [], reach: ["~a/b/*.c", "d"]),
    Row(
      "FROM scratch\nCOPY --exclude=$V a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY [\"a b\", \"c\", \"/x/\"]",
      uses: [], reach: ["a b", "c"]),
    Row(
      "FROM scratch\nCOPY [\"a\", 1] /",
      uses: [], reach: ["~[a,", "1]"]),
    Row(
      "FROM scratch\nCOPY a a ./a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nRUN --mount=target=/x ls",
      uses: [], reach: ["."]),
    Row(
      "FROM scratch\nRUN --mount=type=bind,source=a/../b,dst=/x ls",
      uses: [], reach: ["b"]),
    Row(
      "FROM scratch\nRUN --mount=type=cache,target=/x,source=a ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=cache,from=b,target=/x ls",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=secret,id=x ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=ssh ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=tmpfs,target=/x ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=TYPE=Bind,SRC=a,TARGET=/x,rw ls",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nRUN --mount=type=bind,src=x*,destination=/x ls",
      uses: [], reach: ["x*"]),
    Row(
      "FROM scratch\nRUN --mount=\"type=bind,source=a b,target=/x\" ls",
      uses: [], reach: ["a b"]),
    Row(
      "FROM scratch\nRUN --mount=from=b,source=q,target=/x ls",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM scratch\nARG V=1 T=bind\nRUN --mount=type=$T,source=d$V,target=/x ls",
      uses: [], reach: ["d1"]),
    Row(
      "FROM scratch\nRUN --mount=source=a,target=/x --mount=source=b,target=/y --network=none ls",
      uses: [], reach: ["a", "b"]),
    Row(
      "FROM scratch\nRUN --mount=type=bind,source=a,source=b,target=/x ls",
      uses: [], reach: ["b"]),
  ]
}
