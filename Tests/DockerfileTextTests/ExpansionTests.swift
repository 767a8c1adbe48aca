import DockerfileText
import ImageModel
import Testing

/// BuildKit's `shell` lexer, seen through the source of a COPY.
@Suite struct ExpansionTests {
  /// What a word becomes in a stage without foreign variables; nil when it is refused.
  private func expanded(_ word: String, _ variables: [(String, String)] = []) -> String? {
    // The mark keeps the path from being cleaned away.
    let facts = read(
      "FROM scratch\n"
        + variables.map { "ENV \($0.0)='\($0.1)'\n" }.joined() + "COPY [\"=\(json(word))=\", \"/\"]\n")
    guard facts.errors.isEmpty, let sources = facts.sources, let first = sources.first else { return nil }
    return String(first.dropFirst().dropLast())
  }

  @Test func valuesThatHoldEachOtherDoNotFillTheMemory() {
    let doubling = String(repeating: "ENV A=$A$A\n", count: 60)
    let facts = read("FROM scratch\nENV A=x\n\(doubling)COPY $A /\n")
    #expect(facts.errors.first?.contains("it expands to more than 128 KiB") == true)
    let wide = String(repeating: "$A", count: 60_000)
    #expect(!read("ARG A=\(String(repeating: "x", count: 60_000))\nFROM a:\(wide)\n").errors.isEmpty)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["${A//*b/c}", "${A//*?*?*b/c}", "${A#*a*a*a*b}", "${A%b*a*a*a*}"])
  func aPatternOverALongTextIsAFaultOrQuick(word: String) {
    _ = read("ARG A=\(String(repeating: "a", count: 60_000))\nFROM a:\(word)\n")
  }

  private func json(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }

  @Test(
    arguments: [
      ("hello", "hello"), ("he'll'o", "hello"), ("he'llo", nil), ("\"he\"llo", "hello"), ("he\\'llo", "he'llo"),
      ("'he\\llo'", "he\\llo"), ("\"he\\llo\"", "he\\llo"), ("\"he\\\"llo\"", "he\"llo"), ("he\\llo", "hello"),
      ("'$X'", "$X"), ("\"$X\"", "home"), ("\\$X", "$X"), ("\"\\$X\"", "$X"), ("$", "$"), ("$.", "$."), ("x$Xy", "x"),
      ("x${X}y", "xhomey"), ("$X-y", "home-y"), ("${X", nil), ("${", nil), ("${}", nil), ("${:}", nil), ("${{X}}", nil),
      ("$1x", "x"), ("$@", ""), ("${NULL}", ""), ("${KOREAN}", "한국어"), ("$KOREAN", "한국어"), ("안녕$X", "안녕home"),
      ("${X=y}", nil), ("${X:=y}", nil), ("${X!}", nil),
    ] as [(String, String?)])
  func quotesAndPlainVariablesFollowTheLexer(word: String, meant: String?) {
    #expect(expanded(word, [("X", "home"), ("NULL", ""), ("KOREAN", "한국어")]) == meant)
  }

  @Test(
    arguments: [
      ("${FOO-aaa}", "xxx"), ("${BAR-bbb}", ""), ("${BAZ-ccc}", "ccc"), ("${FOO:-aaa}", "xxx"), ("${BAR:-bbb}", "bbb"),
      ("${BAZ:-ccc}", "ccc"), ("${FOO+aaa}", "aaa"), ("${BAR+bbb}", "bbb"), ("${BAZ+ccc}", ""), ("${FOO:+aaa}", "aaa"),
      ("${BAR:+bbb}", ""), ("${BAZ:+ccc}", ""), ("${FOO?aaa}", "xxx"), ("${BAR?bbb}", ""), ("${BAZ?ccc}", nil),
      ("${FOO:?aaa}", "xxx"), ("${BAR:?bbb}", nil), ("${BAZ:?}", nil), ("${BAZ:-${FOO}}", "xxx"),
      ("${BAZ:-a$FOO}b", "axxxb"), ("${BAZ:-'}'}", "}"), ("${BAZ:-\\}}", "}"), ("${FOO:-}", "xxx"), ("${BAZ:-}", ""),
    ] as [(String, String?)])
  func modifiersChooseBetweenValueAndWord(word: String, meant: String?) {
    #expect(expanded(word, [("FOO", "xxx"), ("BAR", "")]) == meant)
  }

  @Test(
    arguments: [
      ("${FOO#*x*y}", "xxyy", "y"), ("${FOO#*}", "xxyy", "xxyy"), ("${FOO##*x}", "xxyy", "yy"),
      ("${FOO##}", "xxyy", "xxyy"),
      ("${FOO#?\\?}", "???y", "?y"), ("${FOO%x}", "xxyy", "xxyy"), ("${FOO%y}", "xxyy", "xxy"),
      ("${FOO%%y*}", "xxyy", "xx"),
      ("${FOO%y*}", "xxyy", "xxy"), ("${FOO%%\\**}", "xx**", "xx"), ("${FOO%%\\**\\*}", "a***yy*", "a"),
      ("${FOO%}", "xxyy", "xxyy"), ("${FOO#\\x}", "xx", nil), ("${FOO#v}", "v1.2", "1.2"),
      ("${FOO%.*}", "1.2.3", "1.2"),
      ("${FOO%%.*}", "1.2.3", "1"), ("${FOO#()[]{\\}^$.\\*\\?|\\\\}", "()[]{}^$.*?|\\x", "x"),
      ("${FOO/x/z}", "xxyy", "zxyy"), ("${FOO//x/z}", "xxyy", "zzyy"), ("${FOO//ww}", "xxyy", nil),
      ("${FOO//}", "xxyy", nil),
      ("${FOO///}", "xxyy", "xxyy"), ("${FOO/a*b/-}", "1a2b3b4", "1-4"), ("${FOO/*/z}", "xxyy", "z"),
      ("${FOO/1?/x}", "0123", "0x3"), ("${FOO//\\//_}", "a/b/c", "a_b_c"),
    ] as [(String, String, String?)])
  func patternsTakePartsAway(word: String, value: String, meant: String?) {
    #expect(expanded(word, [("FOO", value)]) == meant)
  }

  @Test func aDeepNestIsRefusedNotACrash() {
    let deep = String(repeating: "${A:-", count: 5000)
    #expect(!read("FROM scratch\nCOPY \(deep) /\n").errors.isEmpty)
  }

  @Test func theEscapeDirectiveChangesTheEscapeOfWords() {
    let facts = read("# escape=`\nFROM scratch\nENV X=a\nCOPY `$X/b\\c$X /\n")
    #expect(facts.sources == ["$X/b\\ca", "$X/b\\ca"])
  }
}
