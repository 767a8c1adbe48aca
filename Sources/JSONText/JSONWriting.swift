extension JSONValue {
  /// One line without spaces, members in their order; the same value always gives the same bytes.
  package var text: String {
    var writer = JSONWriter(isPretty: false)
    writer.write(self, indent: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Two spaces for each level, a line feed at the end.
  package var prettyText: String {
    var writer = JSONWriter(isPretty: true)
    writer.write(self, indent: 0)
    return String(decoding: writer.bytes + [UInt8(ascii: "\n")], as: UTF8.self)
  }
}

/// Writes JSON as RFC 8259 has it; escapes only what must be escaped.
private struct JSONWriter {
  let isPretty: Bool
  var bytes: [UInt8] = []

  init(isPretty: Bool) { self.isPretty = isPretty }

  mutating func write(_ value: JSONValue, indent: Int) {
    switch value {
    case .null: put("null")
    case .bool(let value): put(value ? "true" : "false")
    case .integer(let value): put(String(value))
    case .double(let value): put(value.isFinite ? value.description : "null")
    case .string(let value): write(quoted: value)
    case .array(let elements):
      writeList(elements, "[", "]", indent: indent) { writer, element in
        writer.write(element, indent: indent + 1)
      }
    case .object(let object):
      writeList(object.members, "{", "}", indent: indent) { writer, member in
        writer.write(quoted: member.key)
        writer.put(writer.isPretty ? ": " : ":")
        writer.write(member.value, indent: indent + 1)
      }
    }
  }

  private mutating func writeList<Element>(
    _ elements: [Element], _ open: StaticString, _ close: StaticString, indent: Int,
    _ body: (inout JSONWriter, Element) -> Void
  ) {
    put(open.description)
    for (index, element) in elements.enumerated() {
      if index > 0 { put(",") }
      breakLine(indent: indent + 1)
      body(&self, element)
    }
    if !elements.isEmpty { breakLine(indent: indent) }
    put(close.description)
  }

  private mutating func breakLine(indent: Int) {
    guard isPretty else { return }
    put("\n")
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indent))
  }

  private mutating func write(quoted text: String) {
    put("\"")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): put("\\\"")
      case UInt8(ascii: "\\"): put("\\\\")
      case UInt8(ascii: "\n"): put("\\n")
      case UInt8(ascii: "\r"): put("\\r")
      case UInt8(ascii: "\t"): put("\\t")
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        put("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
      default: bytes.append(byte)
      }
    }
    put("\"")
  }

  private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
