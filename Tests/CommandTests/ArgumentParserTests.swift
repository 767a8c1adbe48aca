import ImageModel
import Testing

@testable import coppice

@Suite struct ArgumentParserTests {
  private static let options: [OptionSpecification] = [
    OptionSpecification("jobs", short: "j", .number("N", 1...8), "jobs"),
    OptionSpecification("keep-going", short: "k", "go on"),
    OptionSpecification("dry-run", short: "n", "nothing"),
    OptionSpecification("force", .text("REASON"), "again"),
    OptionSpecification("color", .choice(["auto", "always", "never"]), "colours"),
    OptionSpecification("help", short: "h", "help"),
  ]

  private func parse(_ words: [String], _ arguments: [ArgumentSpecification]? = nil) throws -> ParsedArguments {
    try ArgumentParser.parse(
      words, program: "coppice build", options: Self.options,
      arguments: arguments ?? [ArgumentSpecification("TARGET", .any, "targets")]
    ).parsed
  }

  @Test(arguments: [
    ["-j4"], ["-j", "4"], ["-j=4"], ["--jobs", "4"], ["--jobs=4"], ["-j2", "-j4"], ["-kj4"], ["-nkj", "4"],
  ])
  func everySpellingOfAValueIsTheSame(words: [String]) throws {
    #expect(try parse(words).number("jobs") == 4)
  }

  @Test func flagsClusterAndPositionalsMayStandAnywhere() throws {
    let parsed = try parse(["a", "-kn", "b", "--force", "security fix", "c"])
    #expect(parsed.positionals == ["a", "b", "c"])
    #expect(parsed.has("keep-going") && parsed.has("dry-run") && !parsed.has("jobs"))
    #expect(parsed.value("force") == "security fix")
  }

  @Test func ofALongListOfFaultsTheFirstAreTold() throws {
    let error = #expect(throws: InvalidInput.self) { try parse((0..<5_000).map { "--unknown\($0)" }) }
    #expect(error?.diagnostics.count == 20)
  }

  @Test func twoDashesEndTheOptions() throws {
    #expect(try parse(["-k", "--", "-n", "--", "x"]).positionals == ["-n", "--", "x"])
    #expect(try parse(["-"]).positionals == ["-"])
  }

  @Test func aValueMayHoldAnEqualsSignAndBeginWithADash() throws {
    #expect(try parse(["--force=a=b"]).value("force") == "a=b")
    #expect(try parse(["--force=-x"]).value("force") == "-x")
    #expect(try parse(["--force", "-"]).value("force") == "-")
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var words: [String]
    var message: String
    var help: String?
    var testDescription: String { words.joined(separator: " ") }
  }

  @Test(arguments: [
    Fault(words: ["--forse", "x"], message: "unknown option --forse", help: "did you mean --force?"),
    Fault(words: ["--keep"], message: "unknown option --keep", help: "did you mean --keep-going?"),
    Fault(words: ["--zzzzzz"], message: "unknown option --zzzzzz", help: "'coppice build --help' shows what it takes"),
    Fault(words: ["--forse=x"], message: "unknown option --forse", help: "did you mean --force?"),
    Fault(words: ["-dry-run"], message: "unknown option -dry-run", help: "did you mean --dry-run?"),
    Fault(words: ["-kx"], message: "unknown option -x in -kx"),
    Fault(words: ["-x"], message: "unknown option -x"),
    Fault(words: ["--jobs"], message: "missing value for --jobs", help: "write --jobs N"),
    Fault(words: ["-j"], message: "missing value for -j", help: "write --jobs N"),
    Fault(words: ["--force", "--dry-run"], message: "missing value for --force", help: "write --force REASON"),
    Fault(words: ["--force="], message: "--force needs a value that is not empty"),
    Fault(words: ["--dry-run=yes"], message: "--dry-run takes no value"),
    Fault(words: ["-j", "many"], message: "-j needs a number from 1 to 8, not 'many'"),
    Fault(words: ["-j0"], message: "-j needs a number from 1 to 8, not '0'"),
    Fault(words: ["-j9"], message: "-j needs a number from 1 to 8, not '9'"),
    Fault(
      words: ["--color", "allways"], message: "--color needs one of auto, always, never, not 'allways'",
      help: "did you mean always?"),
  ])
  func aFaultSaysWhatIsWrongAndWhatIsMeant(fault: Fault) throws {
    let error = try #require(throws: InvalidInput.self) { try parse(fault.words) }
    let first = try #require(error.diagnostics.first)
    #expect(first.severity == .error)
    #expect(first.message == fault.message)
    if let help = fault.help { #expect(first.help == help) } else { #expect(first.help != nil) }
  }

  @Test func allFaultsAreReportedAtOnce() throws {
    let error = try #require(throws: InvalidInput.self) { try parse(["--forse", "-x", "-j0", "--dry-run=1"]) }
    #expect(error.diagnostics.count == 4)
  }

  @Test func helpIsGivenWhateverElseIsWrong() throws {
    #expect(try parse(["--forse", "-j0", "--help"], [ArgumentSpecification("X", .one, "x")]).has("help"))
  }

  @Test(
    arguments: [
      (ArgumentSpecification.Arity.one, [], "missing TARGET"),
      (.one, ["a", "b", "c"], "coppice build does not take 'b' 'c'"), (.many, [], "missing TARGET"),
      (.optional, ["a", "b"], "coppice build does not take 'b'"),
    ] as [(ArgumentSpecification.Arity, [String], String)])
  func theNumberOfPositionalsIsChecked(arity: ArgumentSpecification.Arity, words: [String], message: String) throws {
    let error = try #require(throws: InvalidInput.self) {
      try parse(words, [ArgumentSpecification("TARGET", arity, "")])
    }
    #expect(error.diagnostics.map(\.message) == [message])
  }

  @Test func aCommandWithoutArgumentsTakesNone() throws {
    #expect(throws: InvalidInput.self) { try parse(["x"], []) }
    #expect(try parse(["-k"], []).positionals.isEmpty)
  }

  /// Whatever is typed, the parser answers or refuses, and loses no word.
  @Test(arguments: 0..<200)
  func anyWordsAreTakenOrRefused(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet = ["-", "--", "j", "k", "=", "4", "force", "x", " ", "é", "\u{0}", "--jobs", "-j"]
    let words = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
      (0..<Int.random(in: 0...3, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) }
        .joined()
    }
    guard let parsed = try? parse(words) else { return }
    for positional in parsed.positionals { #expect(words.contains(positional)) }
  }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
