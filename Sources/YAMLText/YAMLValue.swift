/// A value to write as YAML; members keep their order.
package indirect enum YAMLValue: Sendable {
  package typealias Member = (key: String, value: YAMLValue)

  case null
  case bool(Bool)
  case integer(Int)
  /// Quoted where YAML would take it for something else.
  case text(String)
  case sequence([YAMLValue])
  /// - Precondition: the keys differ from each other.
  case mapping([Member])
}

extension YAMLValue: ExpressibleByStringInterpolation {
  package init(stringLiteral value: String) { self = .text(value) }
}

extension YAMLValue: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .integer(value) }
}

extension YAMLValue: ExpressibleByBooleanLiteral {
  package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension YAMLValue: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: YAMLValue...) { self = .sequence(elements) }
}

extension YAMLValue: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, YAMLValue)...) {
    self = .mapping(elements.map { (key: $0.0, value: $0.1) })
  }
}
