import DockerfileText
import ImageModel
import Testing

/// Cases of moby's patternmatcher and ignorefile, and properties against a slow reading of its rules.
@Suite struct IgnoreRulesTests {
  private func excludes(_ patterns: [String], _ path: String) -> Bool {
    IgnoreRules(IgnoreFile(patterns: patterns)).excludes(path)
  }

  @Test(
    arguments: [
      ("**", "file", true), ("**/", "file", true), ("**", "dir/file", true), ("**/**", "dir/file", true),
      ("dir/**", "dir/file", true),
      ("dir/**", "dir/dir2/file", true), ("**/dir", "dir", true), ("**/dir", "dir/file", true),
      ("**/dir2/*", "dir/dir2/file", true),
      ("**/dir2/**", "dir/dir2/dir3/file", true), ("**file", "file", true), ("**file", "dir/file", true),
      ("**file", "dir/xfile", true),
      ("**/file", "dir/dir/file", true), ("**/file*", "dir/dir/file.txt", true),
      ("**/file*.txt*", "dir/dir/file.txt", true),
      ("**/**/*.txt", "dir/dir/file.txt", true), ("**/**/*.txt2", "dir/dir/file.txt", false),
      ("**/*.txt", "file.txt", true),
      ("a**/*.txt", "a/file.txt", true), ("a**/*.txt", "a/dir/dir/file.txt", true),
      ("a/*.txt", "a/dir/file.txt", false),
      ("a/*.txt**", "a/file.txt", true), ("a[b-d]e", "ae", false), ("a[b-d]e", "ace", true), ("a[b-d]e", "aae", false),
      ("a[^b-d]e", "aze", true), (".*", ".foo", true), (".*", "foo", false), ("abc.def", "abcZdef", false),
      ("abc?def", "abcZdef", true),
      ("abc?def", "abcdef", false), ("**/foo/bar", "dir/dir2/foo/bar", true), ("abc/**", "abc", false),
      ("abc/**", "abc/def/ghi", true),
      ("**/.foo", "bar.foo", false), ("a(b)c/def", "a(b)c/def", true), ("a.|)$(}+{bc", "a.|)$(}+{bc", true),
      ("a\\*b", "a*b", true),
      ("a\\*b", "axb", false), ("a\\\\", "a\\", true), ("*", "abc", true), ("*c", "abc", true), ("a*", "ab/c", true),
      ("a*/b", "a/c/b", false), ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true), ("a*b?c*x", "abxbbxdbxebxczzx", true),
      ("a*b?c*x", "abxbbxdbxebxczzy", false), ("ab[^e-g]", "abc", true), ("a?b", "a☺b", true), ("a???b", "a☺b", false),
      ("[a-ζ]*", "α", true), ("*[a-ζ]", "A", false), ("a*b", "a/b", false), ("[\\]a]", "]", true),
      ("[x\\-]", "-", true),
      ("[\\-x]", "a", false), ("*x", "xxx", true), ("/a/b/", "a/b/c", true), ("./a", "a", true), ("a/../b", "b", true),
      ("  a  ", "a", true),
      ("../a", "a", false), ("a", "ab", false), ("a**b", "ab", true), ("a**b", "ax/b", true), ("a**b", "a/x/b", true),
      ("a**b", "axb", false),
      ("*a**b", "aab", true),
      ("[^a]b", "/b", true), ("*.py[co]", "x.pyc", true), ("**/*.py[co]", "a/b/x.pyo", true),
      ("**/node_modules", "a/node_modules/b/c", true),
      (".", "a", false), ("/", "a", false), ("é*", "été", true), ("é*", "ete", false), ("é*", "éa", true),
      ("./ a", "a", true), ("a/ /", "a", true), ("/ a", "a", true), ("[^/[^a]", "b", true), ("[^/[^a]", "b/a", true),
      ("[^/[^a]", "a", false), ("/ /a", "a", false), ("/ /**a", "ba", false), ("!../../a", "a", true),
      ("/ /", "a", false), ("!/a/../", "a", false),
    ] as [(String, String, Bool)])
  func onePatternMatchesAsInMoby(pattern: String, path: String, isExcluded: Bool) {
    #expect(excludes([pattern], path) == isExcluded)
  }

  @Test(
    arguments: [
      (["**", "!util/docker/web"], "util/docker/web/foo", false),
      (["**", "!util/docker/web", "util/docker/web/foo"], "util/docker/web/foo", true),
      (["**", "!dist/*.whl"], "dist/a.whl", false), (["docs", "!docs/README.md"], "docs/README.md", false),
      (["docs", "!docs/README.md"], "docs/x", true), (["!fileutils.go", "*.go"], "fileutils.go", true),
      (["*.go", "! fileutils.go "], "fileutils.go", false),
      (["*", "!a", "a/b", "!a/b/c"], "a/b/c/d", false), (["*", "!a", "a/b", "!a/b/c"], "a/b/d", true),
      (["*", "!/a"], "a/x", false),
      (["Dockerfile", ".dockerignore"], "Dockerfile", true), ([], "x", false),
    ] as [([String], String, Bool)])
  func theLastMatchDecides(patterns: [String], path: String, isExcluded: Bool) {
    #expect(excludes(patterns, path) == isExcluded)
  }

  @Test func theReaderKeepsPatternsAsWritten() {
    let text = "\u{FEFF}test1\n/test2\r\n\n  \n# comment\n #not\n! /inverted/abs/path\nlast "
    let (file, diagnostics) = IgnoreReader.read(Array(text.utf8), name: ".dockerignore", file: ".dockerignore")
    #expect(diagnostics.isEmpty)
    #expect(
      file
        == IgnoreFile(
          name: ".dockerignore", patterns: ["test1", "/test2", " #not", "! /inverted/abs/path", "last "],
          lines: [1, 2, 6, 7, 8]))
    let rules = IgnoreRules(file)
    #expect(
      rules.excludes("#not") && rules.excludes("test2/x") && !rules.excludes("inverted/abs/path")
        && rules.excludes("last"))
  }

  @Test(arguments: ["!", "! ", "[", "a[", "[^bc", "[]a]", "[-]", "[x-]", "[a-b-c]", "\\", "![", "[b-a]"])
  func aMalformedPatternIsToldWithItsLine(pattern: String) {
    let (file, diagnostics) = IgnoreReader.read(Array("a\n\(pattern)\nb".utf8), name: "i", file: "i")
    #expect(diagnostics.map(\.location?.line) == [2])
    #expect(file.patterns == ["a", "b"])
  }

  /// moby's regular expression, by trying everything.
  private func slowlyMatches(_ pattern: [UInt8], _ path: ArraySlice<UInt8>, isFirst: Bool = true) -> Bool {
    guard let byte = pattern.first else { return path.isEmpty }
    let rest = Array(pattern.dropFirst())
    switch byte {
    case UInt8(ascii: "*"):
      if rest.first == byte {
        var after = Array(rest.dropFirst())
        let isPlainEnding = isFirst && !after.contains { "*?[".utf8.contains($0) }
        if isPlainEnding, after.first != UInt8(ascii: "/") { return path.suffix(after.count).elementsEqual(after) }
        if after.first == UInt8(ascii: "/") { after.removeFirst() }
        if after.isEmpty { return true }
        return path.indices.contains {
          path[$0] == UInt8(ascii: "/") && slowlyMatches(after, path[($0 + 1)...], isFirst: false)
        }
          || slowlyMatches(after, path, isFirst: false)
      }
      if slowlyMatches(rest, path, isFirst: false) { return true }
      guard let first = path.first, first != UInt8(ascii: "/") else { return false }
      return slowlyMatches(pattern, path.dropFirst(), isFirst: false)
    case UInt8(ascii: "?"):
      guard let first = path.first, first != UInt8(ascii: "/") else { return false }
      return slowlyMatches(rest, path.dropFirst(), isFirst: false)
    case UInt8(ascii: "["):
      guard let close = rest.firstIndex(of: UInt8(ascii: "]")), let first = path.first else { return false }
      let isNegated = rest.first == UInt8(ascii: "^")
      return rest[(isNegated ? 1 : 0)..<close].contains(first) != isNegated
        && slowlyMatches(Array(rest[(close + 1)...]), path.dropFirst(), isFirst: false)
    default:
      return path.first == byte && slowlyMatches(rest, path.dropFirst(), isFirst: false)
    }
  }

  private func slowlyExcludes(_ patterns: [String], _ path: String) -> Bool {
    let bytes = Array(path.utf8)
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") } + [bytes.count]
    var isExcluded = false
    for pattern in patterns {
      let isException = pattern.hasPrefix("!")
      let text = Array((isException ? String(pattern.dropFirst()) : pattern).utf8)
      if ends.contains(where: { slowlyMatches(text, bytes[..<$0]) }) { isExcluded = !isException }
    }
    return isExcluded
  }

  static func randomPatterns(_ random: inout Seeded) -> [String] {
    (0..<Int.random(in: 1...4, using: &random)).map { _ in
      let components = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        (0..<Int.random(in: 1...3, using: &random))
          .map { _ in random.pick(["a", "b", "ab", "*", "?", "**", "[ab]", "[^a]"]) }.joined()
      }
      return random.pick(["", "", "!"]) + components.joined(separator: "/")
    }
  }

  static func randomPath(_ random: inout Seeded) -> String {
    (0..<Int.random(in: 1...4, using: &random))
      .map { _ in random.pick(["a", "b", "ab", "ba", "aab", "c"]) }.joined(separator: "/")
  }

  @Test(arguments: 0..<300) func randomPatternsAgreeWithTheSlowReading(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<20 {
      let patterns = Self.randomPatterns(&random)
      let rules = IgnoreRules(IgnoreFile(patterns: patterns))
      for _ in 0..<10 {
        let path = Self.randomPath(&random)
        #expect(rules.excludes(path) == slowlyExcludes(patterns, path), "\(patterns) \(path)")
        // Nothing is taken in again below a directory of which the rules say so.
        let directory = Self.randomPath(&random)
        if rules.excludes(directory), !rules.mayHaveExceptions(below: directory) {
          #expect(rules.excludes(directory + "/" + path), "\(patterns) \(directory) \(path)")
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func manyWildcardsTakeNoLongerThanFew() {
    let path = Array(repeating: "a", count: 2000).joined(separator: "/")
    for part in ["**/a", "**/*", "**/a/*"] {
      let pattern = Array(repeating: part, count: 200).joined(separator: "/") + "/b"
      #expect(!IgnoreRules(IgnoreFile(patterns: [pattern])).excludes(path))
    }
  }

  @Test func exceptionsAreSoughtOnlyWhereTheyCanBe() {
    let rules = IgnoreRules(IgnoreFile(patterns: ["*", "!src/**/*.c", "!lib/a/b", "src/old"]))
    #expect(rules.mayHaveExceptions(below: "src"))
    #expect(rules.mayHaveExceptions(below: "src/x/y"))
    #expect(rules.mayHaveExceptions(below: "lib") && rules.mayHaveExceptions(below: "lib/a"))
    #expect(!rules.mayHaveExceptions(below: "lib/b") && !rules.mayHaveExceptions(below: "doc"))
    #expect(!rules.mayHaveExceptions(below: "src/old"))
  }
}

/// The rules against verdicts of the real implementation.
struct MobyVerdictTests {
  @Test(arguments: mobyVerdicts.split(separator: "\n").map(String.init))
  func theRulesDecideAsMobyDoes(line: String) throws {
    let halves = line.split(separator: "|", maxSplits: 1)
    let patterns = try #require(halves.first).split(separator: " ").map(Self.bytes)
    let (file, diagnostics) = IgnoreReader.read(
      Array(patterns.joined(separator: Array("\n".utf8))), name: ".dockerignore", file: ".dockerignore")
    #expect(diagnostics == [])
    let rules = IgnoreRules(file)
    for path in try #require(halves.last).split(separator: " ") {
      let bytes = Self.bytes(path.dropFirst())
      #expect(rules.excludes(bytes) == path.hasPrefix("+"), "\(path)")
      // A walk that enters only what it must finds the same.
      let filter = ContextFilter(ignore: file, reach: .whole(reason: "a test"))
      let parents = bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map { Array(bytes[..<$0]) }
      let isEntered = parents.allSatisfy { filter.verdict(forDirectory: $0) != .skip }
      #expect((isEntered && filter.verdict(forFile: bytes)) == path.hasPrefix("-"), "\(path)")
    }
  }

  private static func bytes(_ text: some StringProtocol) -> [UInt8] {
    let parts = text.split(separator: "%", omittingEmptySubsequences: false)
    return Array((parts.first ?? "").utf8)
      + parts.dropFirst().flatMap { part in
        [UInt8(part.prefix(2), radix: 16) ?? 0] + Array(part.dropFirst(2).utf8)
      }
  }
}
