/// The words of a command line by the options that they belong to; every value has passed its specification.
struct ParsedArguments: Sendable, Equatable {
  /// By long name, in the order of the command line; flags have empty texts.
  private(set) var values: [String: [String]] = [:]
  private(set) var positionals: [String] = []

  mutating func add(_ value: String, to option: String) { values[option, default: []].append(value) }
  mutating func add(positional: String) { positionals.append(positional) }

  /// Adds the words of another part of the command line, which count as coming later.
  mutating func append(_ later: ParsedArguments) {
    values.merge(later.values) { $0 + $1 }
    positionals += later.positionals
  }

  func has(_ option: String) -> Bool { values[option] != nil }
  /// Every value, in the order of the command line.
  func list(_ option: String) -> [String] { values[option] ?? [] }
  /// The last one given.
  func value(_ option: String) -> String? { values[option]?.last }
  func number(_ option: String) -> Int? { value(option).flatMap { Int($0) } }

  /// The last one given, as a case of an enumeration whose raw values are the option's choices.
  func choice<Choice: RawRepresentable<String>>(_ option: String, as type: Choice.Type = Choice.self) -> Choice? {
    value(option).flatMap { Choice(rawValue: $0) }
  }
}
