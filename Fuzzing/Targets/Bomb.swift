/// An input of about 64 KiB that took a reader more than linear time, memory or stack, or might.
struct Bomb: Sendable {
  let target: FuzzTarget
  let name: String
  let input: [UInt8]

  private init(_ target: FuzzTarget, _ name: String, _ text: String) {
    (self.target, self.name, input) = (target, name, Array(text.utf8))
  }

  /// - Parameter divisor: what makes them smaller, for programs that are slow.
  static func all(dividedBy divisor: Int = 1) -> [Bomb] {
    func many(_ piece: String, in size: Int = 1 << 16) -> String {
      String(repeating: piece, count: max(1, size / divisor / piece.utf8.count))
    }
    func lines(_ count: Int, _ line: (Int) -> String) -> String {
      (0..<count / divisor).map { line($0) + "\n" }.joined()
    }
    return [
      Bomb(.yaml, "open lists", many("[")),
      Bomb(.yaml, "keys without values", many("? ")),
      Bomb(.yaml, "the same key", many("a: 1\n")),
      Bomb(.yaml, "anchors", many("- &a *a\n")),
      Bomb(.yaml, "merges", "a: &a {" + many("b,", in: 1 << 12) + "}\n" + many("- <<: *a\n")),
      Bomb(.yaml, "a long key", many("x") + ": y"),
      Bomb(.yaml, "tags", lines(3000) { "%TAG !\($0)! t:\($0)" } + "--- a\n"),
      Bomb(.definition, "unknown keys", lines(8000) { "k\($0): 1" }),
      Bomb(.definition, "unknown keys in one line", "{" + lines(8000) { "k\($0): 1," }.replacing("\n", with: "") + "}"),
      Bomb(.definition, "faulty tags", "image_sources: [{name: a, tags: [" + many("[],") + "]}]"),
      Bomb(
        .definition, "secrets", "image_sources:\n- name: a\n  secrets:\n" + lines(1500) { "  - {id: s\($0), env: X}" }),
      Bomb(.settings, "unknown keys", lines(8000) { "k\($0): 1" }),
      Bomb(.template, "parameters in parameters", lines(2000) { "p\($0)=%(p\($0 + 1))s" } + "\n%(p0)s"),
      Bomb(.template, "doubling", lines(60) { "p\($0)=%(p\($0 + 1))s%(p\($0 + 1))s" } + "\n%(p0)s"),
      Bomb(
        .template, "wide parameters", "x=" + many("x", in: 1 << 13) + "\n" + lines(4000) { "p\($0)=%(x)s" } + "\n%(x)s"),
      Bomb(.template, "percent signs", "\n" + many("%")),
      Bomb(.template, "a long name", many("x", in: 1 << 15) + "=y\n\n%(" + many("x", in: 1 << 15) + "y)s"),
      Bomb(.dockerfile, "doubling", "FROM scratch\nENV A=x\n" + many("ENV A=$A$A\n") + "COPY $A /\n"),
      Bomb(.dockerfile, "substitutions", "FROM " + many("${a:-")),
      Bomb(
        .dockerfile, "patterns", "ARG A=" + many("a", in: 1 << 15) + "\nFROM ${A//" + many("*?", in: 1 << 14) + "b/c}"),
      Bomb(.dockerfile, "unknown instructions", "FROM a\n" + many("x\n")),
      Bomb(.dockerfile, "mounts", "FROM a\nRUN " + many("--mount=type=bind,from=a ") + "y\n"),
      Bomb(.dockerfile, "heredocs", "FROM a\nRUN " + many("<<a ", in: 1 << 15) + "\n" + many("a\n", in: 1 << 15)),
      Bomb(.dockerfile, "heredocs without an end", "FROM a\n" + many("RUN <<a\n")),
      Bomb(.dockerfile, "continuations", "FROM a\nRUN " + many("\\\n")),
      Bomb(.dockerfile, "open lists", "FROM a\nCMD " + many("[")),
      Bomb(.dockerfile, "sources", "FROM a\nCOPY " + many("a ") + "/\n"),
      Bomb(
        .dockerfile, "wide values", "FROM a\nARG A=" + many("a", in: 1 << 15) + "\n" + lines(2000) { "ARG B\($0)=$A" }),
      Bomb(
        .dockerfile, "wide names", "FROM a\nENV A=$" + many("a", in: 1 << 15) + "\n" + many("ENV A=$A\nCOPY $A /\n")),
      Bomb(.dockerfile, "values made of each other", "FROM a\n" + lines(4000) { "ENV A\($0 + 1)=$A\($0)" }),
      Bomb(
        .dockerfile, "patterns for many words",
        "ARG A=" + many("a", in: 1 << 12) + "\nFROM a\nARG A\n" + many("ARG B=${A##*a*b}\n")),
      Bomb(.dockerfile, "triggers", "FROM a AS b\n" + lines(1800) { _ in "ONBUILD COPY $x /" } + many("FROM b\n")),
      Bomb(
        .dockerfile, "inherited values",
        "FROM a AS b\n" + lines(2500) { "ARG A\($0)=1" } + many("FROM b\n", in: 1 << 15)),
      Bomb(.dockerfile, "stages", many("FROM a AS x\nCOPY --from=x a b\n")),
      Bomb(.dockerfile, "faults in one line", "FROM a\nCOPY " + many("http://x/a ") + "/\n"),
      Bomb(
        .dockerfile, "line ends",
        "FROM a\nCOPY " + many("http://x/a ", in: 1 << 15) + "/" + many("\r", in: 1 << 15) + "\n"),
      Bomb(
        .dockerfile, "exclusions", "FROM a\nCOPY " + many("--exclude=a ", in: 1 << 15) + many("b ", in: 1 << 15) + "/\n"
      ),
      Bomb(.dockerfile, "heredocs of which the last has no end", "FROM a\n" + many("RUN <<a <<b\n") + "b\na\n"),
      Bomb(.ignore, "wildcards over directories", many("**/*/", in: 1 << 15) + "b\0" + many("a/", in: 1000)),
      Bomb(.ignore, "wildcards within a name", many("*a", in: 1 << 15) + "b\0" + many("a", in: 1000)),
      Bomb(.ignore, "wide wildcards", many("a**", in: 1 << 12) + "b\0" + many("a/", in: 1000)),
      Bomb(.ignore, "many patterns", many("!**/a\n") + "\0" + many("a/", in: 1000)),
      Bomb(.ignore, "malformed patterns", many("[\n")),
      Bomb(.ignore, "parents", many("a/../") + "\0a"),
      Bomb(.lockfile, "names", "\0coppice-lock: 1\nartifacts:\n" + many("  a:\n    check: x\n")),
      Bomb(.lockfile, "lines of one block", "\0coppice-lock: 1\nartifacts:\n  a:\n" + many("    check: \n")),
      Bomb(.lockfile, "foreign lines", "\u{1}" + many("x\n\n")),
      Bomb(.journal, "lines", many("\n{")),
      Bomb(.json, "open lists", many("[")),
      Bomb(.json, "members", "{" + lines(6000) { "\"k\($0)\":1," } + "\"\":1}"),
      Bomb(.json, "nested objects", many("{\"a\":")),
      Bomb(.config, "members", "{\"config\":{" + lines(6000) { "\"k\($0)\":1," } + "\"\":1}}"),
      Bomb(.inputs, "instructions", many("\u{1}\0\0\0\0\0\0\0\0")),
      Bomb(.registry, "parameters", "Bearer " + many("a=b,")),
      Bomb(.registry, "escapes", "Bearer a=\"" + many("\\\"")),
      Bomb(.credentials, "parts of a name", "{\"auths\":{" + lines(4000) { "\"r.example/\($0)\":{}," } + "\"\":{}}}"),
      Bomb(.arguments, "options", many("-j\n")),
      Bomb(.arguments, "letters", "build\n-" + many("k")),
      Bomb(.arguments, "unknown options", many("--jbos=\n")),
      Bomb(.names, "a pattern", "*" + many("[a*", in: 1 << 11) + "\n" + many("a", in: 1 << 11)),
      Bomb(.names, "long words", many("x", in: 1 << 15) + "\n" + many("x", in: 1 << 15)),
      Bomb(.names, "a path", many("../a/")),
    ]
  }
}
