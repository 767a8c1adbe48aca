package import ImageModel

/// One value of a YAML text and where it was written; aliases and merge keys are expanded already.
package struct YAMLNode: Sendable {
  package typealias Entry = (key: YAMLNode, value: YAMLNode)

  package indirect enum Kind: Sendable {
    /// `isPlain`: written without quotes, so that `yes` may be meant as a truth value and `12` as a number.
    case scalar(text: String, isPlain: Bool)
    case sequence([YAMLNode])
    /// Keys are scalars that differ from each other.
    case mapping([Entry])
  }

  package var location: SourceLocation
  package var kind: Kind

  package init(_ kind: Kind, at location: SourceLocation) {
    self.kind = kind
    self.location = location
  }

  /// The text of a scalar as it was written, whatever type YAML would give it.
  package var text: String? { if case .scalar(let text, _) = kind { text } else { nil } }
  package var sequence: [YAMLNode]? { if case .sequence(let nodes) = kind { nodes } else { nil } }
  package var mapping: [Entry]? { if case .mapping(let entries) = kind { entries } else { nil } }

  /// The value of a key; nil when there is none or this is no mapping.
  package subscript(key: String) -> YAMLNode? { mapping?.first { $0.key.text == key }?.value }

  /// Nothing, `~` or `null`, without quotes.
  package var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = kind else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The truth value, in the spellings of YAML 1.1; nil for anything else and for text in quotes.
  package var boolean: Bool? {
    guard case .scalar(let text, isPlain: true) = kind else { return nil }
    if ["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"].contains(text) { return true }
    if ["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"].contains(text) { return false }
    return nil
  }

  /// The decimal number; nil for anything else and for text in quotes.
  package var integer: Int? {
    guard case .scalar(let text, isPlain: true) = kind else { return nil }
    return Int(text)
  }

  /// What it is, for messages: `a list`, `text`, …
  package var summary: String {
    switch kind {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar: isNull ? "nothing" : "text"
    }
  }
}
