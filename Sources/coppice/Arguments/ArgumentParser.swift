internal import ImageModel

/// Turns the words of a command line into values, flags and positionals, and collects every fault on the way.
struct ArgumentParser {
  /// `coppice build`, for messages.
  let program: String
  let options: [OptionSpecification]
  /// nil takes options only and stops at the first word that is none.
  let arguments: [ArgumentSpecification]?
  /// Options that mean something elsewhere, for messages.
  let misplaced: [OptionSpecification]
  private var parsed = ParsedArguments()
  private var faults: [Diagnostic] = []

  private init(
    program: String, options: [OptionSpecification], arguments: [ArgumentSpecification]?,
    misplaced: [OptionSpecification]
  ) {
    self.program = program
    self.options = options
    self.arguments = arguments
    self.misplaced = misplaced
  }

  /// - Returns: what was said, and the words that were left alone.
  static func parse(
    _ words: some Sequence<String>, program: String, options: [OptionSpecification],
    arguments: [ArgumentSpecification]?, misplaced: [OptionSpecification] = []
  ) throws(InvalidInput) -> (parsed: ParsedArguments, rest: ArraySlice<String>) {
    var parser = ArgumentParser(program: program, options: options, arguments: arguments, misplaced: misplaced)
    let rest = parser.consume(Array(words)[...])
    // Whoever asks for help gets it, whatever else is wrong.
    if !parser.parsed.has("help") { parser.checkPositionals() }
    guard parser.faults.isEmpty || parser.parsed.has("help") else { throw InvalidInput(parser.faults) }
    return (parser.parsed, rest)
  }

  /// So many faults of one line are told; whoever makes more has given something else than a line.
  private static let faultLimit = 20

  private mutating func consume(_ words: ArraySlice<String>) -> ArraySlice<String> {
    var rest = words
    while let word = rest.first, faults.count < Self.faultLimit {
      if word == "--" {
        rest = rest.dropFirst()
        if arguments != nil {
          for word in rest { parsed.add(positional: word) }
          rest = []
        }
        return rest
      }
      guard word.hasPrefix("-"), word != "-" else {
        if arguments == nil { return rest }
        parsed.add(positional: word)
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst()
      if word.hasPrefix("--") { takeLong(word, &rest) } else { takeShort(word, &rest) }
    }
    return rest
  }

  /// `--option`, `--option VALUE`, `--option=VALUE`.
  private mutating func takeLong(_ word: String, _ rest: inout ArraySlice<String>) {
    let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let option = options.first(where: { $0.long == name }) else {
      if misplaced.contains(where: { $0.long == name }) { return refuseMisplaced("--" + name) }
      return refuseUnknown("--" + name, meaning: Suggestion.nearest(to: name, among: options.map(\.long)))
    }
    if parts.count == 2 {
      add(String(parts[1]), to: option, named: "--" + name)
    } else if option.takesValue {
      takeValue(of: option, named: "--" + name, &rest)
    } else {
      parsed.add("", to: option.long)
    }
  }

  /// `-k`, `-kn`, `-j4`, `-j 4`, `-j=4`.
  private mutating func takeShort(_ word: String, _ rest: inout ArraySlice<String>) {
    var letters = word.dropFirst()
    if letters.count > 1, options.contains(where: { $0.long == letters }) {
      return refuseUnknown(word, meaning: String(letters))
    }
    while let letter = letters.first {
      letters = letters.dropFirst()
      guard let option = options.first(where: { $0.short == letter }) else {
        if misplaced.contains(where: { $0.short == letter }) { return refuseMisplaced("-\(letter)") }
        let place = word.count > 2 ? "-\(letter) in \(word)" : word
        return refuseUnknown(
          place, meaning: Suggestion.nearest(to: String(word.dropFirst()), among: options.map(\.long)))
      }
      guard option.takesValue else {
        parsed.add("", to: option.long)
        continue
      }
      if letters.isEmpty { return takeValue(of: option, named: "-\(letter)", &rest) }
      return add(String(letters.first == "=" ? letters.dropFirst() : letters), to: option, named: "-\(letter)")
    }
  }

  /// The next word, unless it looks like an option: then the value was forgotten, and `=` can still give it.
  private mutating func takeValue(of option: OptionSpecification, named name: String, _ rest: inout ArraySlice<String>)
  {
    guard let word = rest.first, word == "-" || !word.hasPrefix("-") else {
      return refuse("missing value for \(name)", help: "write \(option.usage)")
    }
    rest = rest.dropFirst()
    add(word, to: option, named: name)
  }

  private mutating func add(_ value: String, to option: OptionSpecification, named name: String) {
    guard let fault = option.fault(in: value) else { return parsed.add(value, to: option.long) }
    var help: String?
    if case .choice(let words) = option.value, let word = Suggestion.nearest(to: value, among: words) {
      help = "did you mean \(word)?"
    }
    refuse("\(name) \(fault)", help: help)
  }

  private mutating func checkPositionals() {
    guard let arguments else { return }
    let least = arguments.reduce(0) { $0 + $1.allowed.lowerBound }
    let most = arguments.reduce(0) { $0.addingReportingOverflow($1.allowed.upperBound).partialValue }
    if parsed.positionals.count < least {
      let missing = arguments.filter { $0.allowed.lowerBound > 0 }.map(\.name).joined(separator: " ")
      refuse("missing \(missing)", help: "write " + ([program] + arguments.map(\.usage)).joined(separator: " "))
    } else if !arguments.contains(where: { $0.allowed.upperBound == Int.max }), parsed.positionals.count > most {
      let extra = parsed.positionals.dropFirst(most).map { "'\($0)'" }.joined(separator: " ")
      refuse("\(program) does not take \(extra)")
    }
  }

  private mutating func refuseUnknown(_ name: String, meaning: String?) {
    refuse("unknown option \(name)", help: meaning.map { "did you mean --\($0)?" })
  }

  private mutating func refuseMisplaced(_ name: String) {
    refuse("\(name) stands before the command", help: "write it after the command: coppice COMMAND \(name)")
  }

  private mutating func refuse(_ message: String, help: String? = nil) {
    let help = help ?? "'\(program) --help' shows what it takes"
    faults.append(Diagnostic(.error, message, help: help))
  }
}
