/// One word of a Dockerfile, its quotes taken off and its variables expanded as BuildKit does.
///
/// Source: moby/buildkit `frontend/dockerfile/shell/lex.go`.
struct ShellWord {
  /// What a name stands for.
  enum Value: Sendable, Hashable {
    case set(String)
    case unset
    /// It has a value that only the engine knows, with the reason.
    case unknown(String)
  }

  /// Where values come from.
  enum Variables {
    case scope(Scope)
    /// Nothing is expanded: `$X` stays.
    case literal
  }

  enum Fault: Error, Equatable {
    case syntax(String)
    /// `${NAME:?MESSAGE}` without a value.
    case required(name: String, message: String)
    case unknown(name: String, reason: String)
  }

  struct Expansion {
    var text: String
    /// The text split at white space that is not quoted.
    var words: [String]
    /// Names that have no value where one was meant: `$X` or `${X}`, not `${X:-…}`.
    var missing: [String]
  }

  var keepsQuotes = false
  var keepsEscapes = false

  private let scalars: [Unicode.Scalar]
  private let escape: Unicode.Scalar
  private let variables: Variables
  private let budget: ReadingBudget
  private var position = 0
  private var depth = 0
  private var missing: [String] = []
  /// Variables of the base image that decide the text.
  private var origins: Set<String> = []
  /// The first value that the text needs and only the engine knows.
  private var unknown: Fault?
  /// Bytes that variables brought in.
  private var size = 0

  init(_ word: String, escape: Unicode.Scalar, variables: Variables, budget: ReadingBudget = ReadingBudget()) {
    scalars = Array(word.unicodeScalars)
    self.escape = escape
    self.variables = variables
    self.budget = budget
  }

  func expand() throws(Fault) -> Expansion {
    var origins: Set<String> = []
    return try expand(origins: &origins)
  }

  /// - Parameter origins: gets the variables of the base image that decide the text, also where it fails.
  func expand(origins: inout Set<String>) throws(Fault) -> Expansion {
    var lexer = self
    defer { origins.formUnion(lexer.origins) }
    // As Go's scanner does.
    if scalars.first == "\u{FEFF}" { lexer.position = 1 }
    let result = try lexer.read(until: nil, keepsEscapes: keepsEscapes)
    if let unknown = lexer.unknown { throw unknown }
    return Expansion(text: result.text, words: result.words, missing: lexer.missing)
  }

  // MARK: - Reading

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take() -> Unicode.Scalar? {
    defer { position += 1 }
    return next
  }

  private mutating func read(
    until end: Unicode.Scalar?, keepsEscapes: Bool
  ) throws(Fault) -> (text: String, words: [String]) {
    let before = self.keepsEscapes
    self.keepsEscapes = keepsEscapes
    defer { self.keepsEscapes = before }
    var output = Words()
    while let scalar = next {
      if scalar == end {
        position += 1
        return output.finished
      }
      switch scalar {
      case "'": output.appendQuoted(try singleQuoted())
      case "\"": output.appendQuoted(try doubleQuoted())
      case "$": output.append(try substitution())
      case "<": output.appendQuoted(lessThan())
      case escape:
        position += 1
        if keepsEscapes { output.appendQuoted(String(scalar)) }
        guard let escaped = take() else { break }
        output.appendQuoted(String(escaped))
      default:
        position += 1
        output.append(String(scalar))
      }
    }
    if let end { throw .syntax("'\(end)' is missing") }
    return output.finished
  }

  /// Blanks after `<<` do not end the word: a heredoc's name may stand after them.
  private mutating func lessThan() -> String {
    position += 1
    guard next == "<" else { return "<" }
    position += 1
    var text = "<<"
    while let blank = next, blank == " " || blank == "\t" || blank == "\r" {
      text.unicodeScalars.append(blank)
      position += 1
    }
    return text
  }

  private mutating func singleQuoted() throws(Fault) -> String {
    position += 1
    var text = keepsQuotes ? "'" : ""
    while let scalar = take() {
      if scalar == "'" { return keepsQuotes ? text + "'" : text }
      text.unicodeScalars.append(scalar)
    }
    throw .syntax("a single quote has no partner")
  }

  private mutating func doubleQuoted() throws(Fault) -> String {
    position += 1
    var text = keepsQuotes ? "\"" : ""
    while let scalar = next {
      switch scalar {
      case "\"":
        position += 1
        return keepsQuotes ? text + "\"" : text
      case "$":
        text += try substitution()
      case escape:
        position += 1
        if keepsEscapes { text.unicodeScalars.append(scalar) }
        // Before any other character it is kept.
        if let escaped = next, escaped == "\"" || escaped == "$" || escaped == escape {
          position += 1
          text.unicodeScalars.append(escaped)
        } else if next != nil {
          text.unicodeScalars.append(scalar)
        }
      default:
        position += 1
        text.unicodeScalars.append(scalar)
      }
    }
    throw .syntax("a double quote has no partner")
  }

  // MARK: - Variables

  /// As much as the kernel lets a program's variable have: values that hold each other grow without a limit.
  private static let sizeLimit = 1 << 17
  private static let shownLimit = 80

  private mutating func substitution() throws(Fault) -> String {
    let text = try dollar()
    size += text.utf8.count
    guard size <= Self.sizeLimit else { throw .syntax("it expands to more than \(Self.sizeLimit >> 10) KiB") }
    guard budget.spend(text.utf8.count) else { throw .syntax(ReadingBudget.fault) }
    return text
  }

  private mutating func dollar() throws(Fault) -> String {
    position += 1
    guard next == "{" else {
      let name = takeName()
      return name.isEmpty ? "$" : value(of: name, written: "$" + name)
    }
    position += 1
    // A fuzzed file must not exhaust the stack.
    depth += 1
    defer { depth -= 1 }
    guard depth < 64 else { throw .syntax("substitutions are nested too deeply") }
    switch next {
    case nil: throw .syntax("'}' is missing")
    case "{", "}", ":": throw .syntax("bad substitution")
    default: break
    }
    let name = takeName()
    guard let sign = take() else { throw .syntax("'}' is missing") }
    switch sign {
    case "}":
      return value(of: name, written: "${\(name)}")
    case ":":
      guard let modifier = take() else { throw .syntax("'}' is missing") }
      return try modified(name, by: modifier, emptyIsUnset: true)
    case "+", "-", "?", "#", "%":
      return try modified(name, by: sign, emptyIsUnset: false)
    case "/":
      return try replaced(name)
    default:
      throw .syntax("the modifier '\(sign)' is not supported in a substitution")
    }
  }

  private mutating func value(of name: String, written: String) -> String {
    switch look(up: name) {
    case .literal: return written
    case .value(let text): return text
    case .unset:
      missing.append(name)
      return ""
    case .unknown:
      return ""
    }
  }

  private enum Found {
    case literal
    case value(String)
    case unset
    /// `unknown` says why.
    case unknown
  }

  private mutating func look(up name: String) -> Found {
    guard case .scope(let scope) = variables else { return .literal }
    origins.formUnion(scope.origins(of: name))
    switch scope[name] {
    case .set(let text): return .value(text)
    case .unset: return .unset
    case .unknown(let reason):
      // Whatever is made of the value repeats the name.
      unknown = unknown ?? .unknown(name: String(name.unicodeScalars.prefix(Self.shownLimit)), reason: reason)
      return .unknown
    }
  }

  /// A word of a substitution, which may turn out not to be needed.
  private struct Word {
    var text: String
    var missing: [String]
    var unknown: Fault?
    var origins: Set<String>
  }

  private mutating func takeWord(until end: Unicode.Scalar, keepsEscapes: Bool) throws(Fault) -> Word {
    let before = (missing, unknown, origins)
    (missing, unknown, origins) = ([], nil, [])
    defer { (missing, unknown, origins) = before }
    let text = try read(until: end, keepsEscapes: keepsEscapes).text
    return Word(text: text, missing: missing, unknown: unknown, origins: origins)
  }

  private mutating func use(_ word: Word) -> String {
    missing += word.missing
    unknown = unknown ?? word.unknown
    origins.formUnion(word.origins)
    return word.text
  }

  private mutating func modified(
    _ name: String, by modifier: Unicode.Scalar, emptyIsUnset: Bool
  ) throws(Fault) -> String {
    let isPattern = modifier == "#" || modifier == "%"
    if isPattern, emptyIsUnset { throw .syntax("the modifier ':\(modifier)' is not supported in a substitution") }
    let word = try takeWord(until: "}", keepsEscapes: isPattern)
    var current: String?
    switch look(up: name) {
    case .literal: return "${\(name)\(emptyIsUnset ? ":" : "")\(modifier)\(word.text)}"
    case .value(let text): current = text
    case .unset: current = nil
    case .unknown:
      // Once the name is known, the word may be needed.
      origins.formUnion(word.origins)
      return ""
    }
    let isUnset = current == nil || emptyIsUnset && current == ""
    switch modifier {
    case "-": return isUnset ? use(word) : current ?? ""
    case "+": return isUnset ? "" : use(word)
    case "?":
      guard isUnset else { return current ?? "" }
      let why = current == nil ? "is not allowed to be unset" : "is not allowed to be empty"
      throw .required(name: name, message: word.text.isEmpty ? why : word.text)
    case "#", "%":
      if word.unknown != nil { return use(word) }
      origins.formUnion(word.origins)
      var pattern = Array(word.text.unicodeScalars)
      let isLongest = pattern.first == modifier
      if isLongest { pattern.removeFirst() }
      let glob = try ShellPattern(pattern, budget)
      let text = Array((current ?? "").unicodeScalars)
      return string(
        modifier == "#"
          ? try glob.removingPrefix(of: text, longest: isLongest)
          : try glob.removingSuffix(of: text, longest: isLongest))
    default:
      throw .syntax("the modifier ':\(modifier)' is not supported in a substitution")
    }
  }

  private mutating func replaced(_ name: String) throws(Fault) -> String {
    let isEverywhere = next == "/"
    if isEverywhere { position += 1 }
    let pattern = try read(until: "/", keepsEscapes: true).text
    let replacement = try read(until: "}", keepsEscapes: true).text
    let current: String
    switch look(up: name) {
    case .literal: return "${\(name)/\(pattern)/\(replacement)}"
    case .value(let text): current = text
    case .unset: current = ""
    case .unknown: return ""
    }
    // With Go's regular expressions it names a part of the match.
    if isEverywhere, replacement.contains("$") {
      unknown = unknown ?? .unknown(name: name, reason: "'$' has a meaning of its own in what takes the place")
    }
    if unknown != nil { return "" }
    let glob = try ShellPattern(Array(pattern.unicodeScalars), budget)
    return string(
      try glob.replacing(
        in: Array(current.unicodeScalars), with: Array(replacement.unicodeScalars), everywhere: isEverywhere))
  }

  private func string(_ scalars: [Unicode.Scalar]) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
  }

  private mutating func takeName() -> String {
    var name = ""
    while let scalar = next {
      let isDigit = scalar.properties.generalCategory == .decimalNumber
      if name.isEmpty, isDigit {
        while let digit = next, digit.properties.generalCategory == .decimalNumber {
          name.unicodeScalars.append(digit)
          position += 1
        }
        return name
      }
      if name.isEmpty, "@*#?-$!".unicodeScalars.contains(scalar) {
        position += 1
        return String(scalar)
      }
      guard scalar == "_" || isDigit || Self.isLetter(scalar) else { break }
      name.unicodeScalars.append(scalar)
      position += 1
    }
    return name
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}

/// Text that is also split at white space, except at white space that was quoted.
private struct Words {
  private var text = ""
  private var words: [String] = []
  private var word = ""

  mutating func append(_ part: String) {
    text += part
    for scalar in part.unicodeScalars {
      if scalar.properties.isWhitespace { finishWord() } else { word.unicodeScalars.append(scalar) }
    }
  }

  mutating func appendQuoted(_ part: String) {
    text += part
    word += part
  }

  private mutating func finishWord() {
    if !word.isEmpty { words.append(word) }
    word = ""
  }

  var finished: (text: String, words: [String]) { (text, word.isEmpty ? words : words + [word]) }
}
