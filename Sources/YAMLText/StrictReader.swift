package import ImageModel

/// Takes typed values out of the nodes of one file and collects everything that is wrong with them.
package struct StrictReader {
  private static let faultLimit = 100

  package let source: SourceText
  package private(set) var diagnostics: [Diagnostic] = []

  package init(source: SourceText) { self.source = source }

  package mutating func report(
    _ message: String, at location: SourceLocation, _ severity: Diagnostic.Severity = .error, help: String? = nil,
    rule: LintRule? = nil
  ) {
    // Each shows its line, and a hostile file has one line with thousands.
    guard diagnostics.count < Self.faultLimit else { return }
    let isLast = diagnostics.count == Self.faultLimit - 1
    diagnostics.append(
      source.diagnostic(
        isLast ? .error : severity, isLast ? "the file has too many faults; the first of them are told" : message,
        line: location.line, column: location.column, help: isLast ? nil : help, rule: rule))
  }

  /// The values of a mapping by key, those that are null left out; nil when `node` is no mapping.
  package mutating func members(of node: YAMLNode, _ what: String, known: [String]) -> [String: YAMLNode]? {
    guard let entries = node.mapping else {
      report("\(what) must be a mapping, this is \(node.summary)", at: node.location)
      return nil
    }
    var members: [String: YAMLNode] = [:]
    for (key, value) in entries {
      guard let name = key.text else { continue }
      if !known.contains(name) {
        let nearest = NearestSpelling.of(name, among: known)
        report(
          "unknown key '\(name)' in \(what)", at: key.location,
          help: nearest.map { "did you mean '\($0)'?" } ?? "known keys: \(known.joined(separator: ", "))")
      } else if !value.isNull {
        members[name] = value
      }
    }
    return members
  }

  /// The text as it was written, also where YAML would read a number: `1.10` stays `1.10`.
  package mutating func text(_ node: YAMLNode, _ what: String) -> Located<String>? {
    guard let text = node.text, !node.isNull else {
      report("\(what) must be text, this is \(node.summary)", at: node.location)
      return nil
    }
    if text.utf8.contains(0) {
      report("\(what) has a zero character", at: node.location)
      return nil
    }
    return Located(text, at: node.location)
  }

  /// As `text`, and not empty.
  package mutating func word(_ node: YAMLNode, _ what: String) -> Located<String>? {
    guard let text = text(node, what) else { return nil }
    if text.value.isEmpty {
      report("\(what) is empty", at: node.location)
      return nil
    }
    return text
  }

  package mutating func boolean(_ node: YAMLNode, _ what: String) -> Bool? {
    if let value = node.boolean { return value }
    report("\(what) must be true or false", at: node.location)
    return nil
  }

  package mutating func integer(_ node: YAMLNode, _ what: String, in range: ClosedRange<Int>) -> Int? {
    if let value = node.integer, range.contains(value) { return value }
    report(
      range.upperBound == .max
        ? "\(what) must be a whole number from \(range.lowerBound)"
        : "\(what) must be a whole number from \(range.lowerBound) to \(range.upperBound)", at: node.location)
    return nil
  }

  package mutating func list(_ node: YAMLNode, _ what: String) -> [YAMLNode]? {
    if let elements = node.sequence { return elements }
    report(
      "\(what) must be a list, this is \(node.summary)", at: node.location,
      help: node.text.map { text in
        "write [\(text.split(separator: " ").map { YAMLWriter.scalar(String($0)) }.joined(separator: ", "))]"
      })
    return nil
  }

  package mutating func texts(_ node: YAMLNode, _ what: String) -> [Located<String>]? {
    guard let elements = list(node, what) else { return nil }
    return elements.compactMap { text($0, "an element of \(what)") }
  }

  package mutating func textMap(_ node: YAMLNode, _ what: String) -> [String: Located<String>]? {
    guard let entries = node.mapping else {
      report("\(what) must be a mapping, this is \(node.summary)", at: node.location)
      return nil
    }
    var result: [String: Located<String>] = [:]
    for (key, value) in entries {
      guard let name = word(key, "a key of \(what)"), let value = text(value, "'\(name.value)' in \(what)") else {
        continue
      }
      result[name.value] = value
    }
    return result
  }

  package mutating func choice<Choice: RawRepresentable<String>>(
    _ node: YAMLNode, _ what: String, of choices: [Choice]
  ) -> Choice? {
    let names = choices.map(\.rawValue)
    guard let text = text(node, what) else { return nil }
    if let choice = Choice(rawValue: text.value), names.contains(text.value) { return choice }
    report(
      "\(what) must be one of \(names.joined(separator: ", ")), not '\(text.value)'", at: node.location,
      help: NearestSpelling.of(text.value, among: names).map { "did you mean '\($0)'?" })
    return nil
  }
}
