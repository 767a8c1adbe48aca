/// What a command takes and says of itself: one description, read by the parser and by the help text.
struct CommandSpecification: Sendable {
  var name: String
  /// One line without a full stop, for the overview.
  var summary: String
  /// Paragraphs, wrapped when they are shown.
  var discussion: [String] = []
  var arguments: [ArgumentSpecification] = []
  var options: [OptionSpecification] = []
  /// What it knows by name, beside options.
  var glossary: Glossary?
  var examples: [Example] = []
  var exitCodes: [ExitCode] = [.success, .failure, .invalid]

  struct Example: Sendable {
    /// Without `coppice`.
    var command: String
    var summary: String

    init(_ command: String, _ summary: String) {
      self.command = command
      self.summary = summary
    }
  }
}

/// Names with a line of text each.
struct Glossary: Sendable {
  var title: String
  var entries: [(term: String, text: String)]
}

/// A positional argument.
struct ArgumentSpecification: Sendable {
  enum Arity: Sendable { case one, optional, any, many }

  /// In capitals: `TARGET`.
  var name: String
  var arity: Arity
  var summary: String

  init(_ name: String, _ arity: Arity, _ summary: String) {
    self.name = name
    self.arity = arity
    self.summary = summary
  }

  var usage: String {
    switch arity {
    case .one: name
    case .optional: "[\(name)]"
    case .any: "[\(name)…]"
    case .many: "\(name)…"
    }
  }

  var allowed: ClosedRange<Int> {
    switch arity {
    case .one: 1...1
    case .optional: 0...1
    case .any: 0...Int.max
    case .many: 1...Int.max
    }
  }
}

/// An option, by its long name and perhaps a letter.
struct OptionSpecification: Sendable {
  enum Value: Sendable, Equatable {
    /// A flag: it takes none.
    case none
    /// Any text that is not empty; the word that stands for it in the help text.
    case text(String)
    case number(String, ClosedRange<Int>)
    case choice([String])
  }

  /// Without dashes.
  var long: String
  var short: Character?
  var value: Value
  /// One or more sentences' worth without a full stop at the end.
  var summary: String
  /// What holds when it is not given.
  var defaultText: String?

  /// A flag.
  init(_ long: String, short: Character? = nil, _ summary: String) {
    self.init(long, short: short, Value.none, summary)
  }

  init(_ long: String, short: Character? = nil, _ value: Value, _ summary: String, default: String? = nil) {
    self.long = long
    self.short = short
    self.value = value
    self.summary = summary
    defaultText = `default`
  }

  /// `--jobs N`.
  var usage: String {
    switch value {
    case .none: "--" + long
    case .text(let word), .number(let word, _): "--\(long) \(word)"
    case .choice(let words): "--\(long) \(words.joined(separator: "|"))"
    }
  }

  var takesValue: Bool { value != .none }

  /// Why a text is no value for this option; nil when it is one.
  func fault(in text: String) -> String? {
    switch value {
    case .none: "takes no value"
    case .text: text.isEmpty ? "needs a value that is not empty" : nil
    case .number(_, let range):
      if let number = Int(text), range.contains(number) {
        nil
      } else if range.upperBound == Int.max {
        "needs a number from \(range.lowerBound), not '\(text)'"
      } else {
        "needs a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
      }
    case .choice(let words): words.contains(text) ? nil : "needs one of \(words.joined(separator: ", ")), not '\(text)'"
    }
  }
}
