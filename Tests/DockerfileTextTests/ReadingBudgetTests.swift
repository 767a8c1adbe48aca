import ImageModel
import Testing

@testable import DockerfileText

/// What a file may take beyond its own length, and what is said where that is over.
@Suite struct ReadingBudgetTests {
  private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
    (0..<count).map { line($0) + "\n" }.joined()
  }

  @Test func whatWordsExpandToHasALimitForTheWholeFile() {
    func errors(_ count: Int) -> [String] {
      let wide = String(repeating: "a", count: 1 << 15)
      return read("FROM a\nARG A=\(wide)\n" + Self.lines(count) { "ARG B\($0)=$A" }).errors
    }
    #expect(errors(100).isEmpty)
    #expect(errors(200).first?.contains(ReadingBudget.fault) == true)
  }

  @Test func triggersAndValuesOfABaseCountForEveryStageBuiltFromIt() {
    func facts(_ instruction: String, stages: Int) -> DockerfileFacts {
      read("FROM a AS b\n" + Self.lines(300) { "\(instruction)\($0) /" } + Self.lines(stages) { _ in "FROM b" })
    }
    #expect(facts("ONBUILD COPY a", stages: 20).errors.isEmpty)
    #expect(facts("ONBUILD COPY a", stages: 300).errors == [ReadingBudget.fault])
    #expect(facts("ENV A", stages: 300).errors.isEmpty)
    #expect(facts("ENV A", stages: 3000).errors == [ReadingBudget.fault])
  }

  @Test func ofALongListOfMisspellingsTheFirstAreSetRight() {
    for line in ["RNU x", "COPY --form=a b /", "ONBUILD RNU x", "RUN --mount=type=bnid x"] {
      let facts = read("FROM a\n" + Self.lines(3000) { "\(line)\($0)" })
      #expect(facts.diagnostics.count == 3000, "each is told")
      #expect(facts.diagnostics.count { $0.help?.contains("did you mean") == true } == 20)
      #expect(facts.diagnostics.first?.help?.contains("did you mean") == true)
    }
  }

  @Test func repeatedStarsAreOneToken() {
    for count in [4, 5, 3000, 3001] {
      let stars = String(repeating: "*", count: count)
      #expect(IgnorePattern.general(Array("a\(stars)b".utf8)).count <= 4)
      #expect(IgnorePattern.general(Array((String(repeating: "**/", count: count) + "a**").utf8)).count == 3)
    }
  }

  @Test func exclusionsThatAreTooManyAreLeftOut() {
    func excludes(_ count: Int) -> Set<[String]> {
      let reach = read(
        "FROM a\nCOPY " + String(repeating: "--exclude=x ", count: count) + String(repeating: "b ", count: 3000) + "/"
      ).reach
      guard case .selected(let selectors) = reach else { return [] }
      return Set(selectors.map(\.excludes))
    }
    #expect(excludes(10) == [Array(repeating: "x", count: 10)])
    #expect(excludes(3000) == [[]], "leaving them out only adds files")
  }

  @Test func aValueMadeOfMadeValuesHasOneReason() {
    let facts = read("FROM a\n" + Self.lines(50) { "ENV A\($0 + 1)=$A\($0)" } + "COPY $A50 /\n")
    #expect(
      facts.diagnostics.map(\.message) == [
        "the value of 'A50' cannot be known: it is made of 'A0', and the environment of the base image a is not known"
      ])
    #expect(facts.sources == nil)
  }

  @Test func aPlaceInALongLineIsCountedInCharacters() {
    let source = SourceText(
      Array(("\u{FEFF}" + Self.lines(9) { String(repeating: "aé€\u{1F600}", count: $0 * 30) }).utf8), file: "f")
    for (line, range) in source.lineRanges.enumerated() {
      for offset in range {
        let start = line == 0 ? 3 : range.lowerBound
        let before = source.bytes[start..<max(start, offset)]
        // Within a character the place is behind its first byte.
        let column = before.count { $0 & 0xC0 != 0x80 } + 1
        #expect(source.location(at: offset) == SourceLocation(file: "f", line: line + 1, column: column))
      }
    }
  }

  @Test func aLineThatNobodyCanReadIsNotShown() {
    func shown(_ count: Int) -> Set<String?> {
      let text = "COPY " + String(repeating: "http://x ", count: count) + "/"
      let facts = read("FROM a\n" + text)
      #expect(facts.errors.count == count)
      return Set(facts.diagnostics.map { $0.sourceLine == text ? "all" : $0.sourceLine })
    }
    #expect(shown(400) == ["all"])
    #expect(shown(1000) == [nil])
  }

  @Test(arguments: [
    // The end of the second one stands before that of the first one.
    ("RUN <<a <<b\nRUN x\nb\na\n", ["RUN <<a <<b", "RUN x", "B", "A"]),
    ("RUN <<a <<b\nx\na\ny\nb\nRUN z\n", ["RUN <<a <<b\nx\na\ny\nb", "RUN z"]),
    ("RUN <<-a\n\tx\n\t\ta\nRUN <<a\n\ta\na\n", ["RUN <<-a\n\tx\na", "RUN <<a\n\ta\na"]),
    ("RUN <<a\na\nRUN <<a\na\nRUN <<a\n", ["RUN <<a\na", "RUN <<a\na", "RUN <<a"]),
  ])
  func everyHeredocEndsAtItsOwnLine(text: String, instructions: [String]) {
    #expect(read("FROM x\n" + text).canonical == ["FROM x"] + instructions)
  }
}
