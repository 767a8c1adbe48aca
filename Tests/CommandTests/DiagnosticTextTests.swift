import ImageModel
import Testing

@testable import coppice

@Suite struct DiagnosticTextTests {
  @Test func aDiagnosticShowsPlaceMessageLineCaretAndHelp() {
    let diagnostic = Diagnostic(
      .error, "unknown key 'image_source'", at: SourceLocation(file: "/repo/share/a.yaml", line: 3, column: 5),
      sourceLine: "    image_source:", help: "did you mean image_sources?")
    #expect(
      DiagnosticText(directory: "/repo").text(diagnostic) == """
        share/a.yaml:3:5: error: unknown key 'image_source'
            image_source:
            ^
          help: did you mean image_sources?

        """)
  }

  @Test func withoutAPlaceTheProgramSpeaks() {
    #expect(DiagnosticText().text(Diagnostic(.warning, "no engine")) == "coppice: warning: no engine\n")
    #expect(
      DiagnosticText().text(Failure("disk full", help: "free some")) == "coppice: error: disk full\n  help: free some\n"
    )
    #expect(
      DiagnosticText().text(Diagnostic(.note, "whole file", at: SourceLocation(file: "x"))) == "x: note: whole file\n")
  }

  @Test(
    arguments: [
      ("a: b", 4, "   ^"), ("\ta: b", 2, "\t^"), ("\t\tx", 3, "\t\t^"), ("日本: x", 5, "      ^"), ("é: x", 4, "   ^"),
      ("e\u{301}: x", 5, "   ^"), ("ab", 99, "  ^"), ("", 1, "^"), ("ab", 0, nil),
    ] as [(String, Int, String?)])
  func theCaretStandsUnderItsCharacter(line: String, column: Int, caret: String?) {
    #expect(SourceExcerpt.lines(line, column: column).caret == caret)
  }

  @Test(arguments: [1, 2, 61, 500, 999, 1000, 1001])
  func aLongLineIsCutAroundTheCaret(column: Int) throws {
    let line = (1...1000).map { String($0 % 10) }.joined()
    let (shown, found) = SourceExcerpt.lines(line, column: column)
    let caret = try #require(found)
    #expect(shown.count <= 162)
    if column <= 1000 {
      #expect(Array(shown)[caret.count - 1] == Character(String(column % 10)))
    }
  }

  @Test func nothingOfAFileReachesTheTerminalAsACommand() {
    let evil = Diagnostic(
      .error, "bad \u{1B}[31mname\u{1B}]0;title\u{7}", at: SourceLocation(file: "a\u{1B}[2Jb", line: 1, column: 1),
      sourceLine: "x\u{1B}[2J\u{7}", help: "see\u{8}")
    let text = DiagnosticText().text(evil)
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(text.contains("bad name"))
  }

  @Test(
    arguments: [
      ("/repo/a/b", "/repo", "a/b"), ("/repo/a", "/repo/x", "../a"), ("/a", "/very/deep/place", "/a"),
      ("rel", "/x", "rel"),
      ("/repo", "/repo", "/repo"), ("/repository/a", "/repo", "/repository/a"),
    ] as [(FilePath, FilePath, FilePath)])
  func fileNamesAreRelativeWhereThatIsShorter(path: FilePath, directory: FilePath, shown: FilePath) {
    #expect(path.shortest(from: directory) == shown)
  }

  @Test func coloursAreUsedOnTerminalsOnly() {
    let color = GlobalOptions.Color.self
    #expect(Style.chosen(color.auto, isTerminal: true, environment: [:]).isColored)
    #expect(!Style.chosen(color.auto, isTerminal: false, environment: [:]).isColored)
    #expect(!Style.chosen(color.auto, isTerminal: true, environment: ["NO_COLOR": "1"]).isColored)
    #expect(Style.chosen(color.auto, isTerminal: true, environment: ["NO_COLOR": ""]).isColored)
    #expect(!Style.chosen(color.auto, isTerminal: true, environment: ["TERM": "dumb"]).isColored)
    #expect(Style.chosen(color.always, isTerminal: false, environment: ["NO_COLOR": "1"]).isColored)
    #expect(!Style.chosen(color.never, isTerminal: true, environment: [:]).isColored)
    let text = DiagnosticText(style: Style(isColored: true)).text(Diagnostic(.error, "x", help: "y"))
    #expect(TerminalText.cleaned(text.replacing("\n", with: "|")) == "coppice: error: x|  help: y|")
    #expect(text.contains("\u{1B}[1;31merror:\u{1B}[0m"))
  }
}
