/// Writes YAML that git merges well: block style, one scalar per line, the same value always the same bytes.
package enum YAMLWriter {
  /// The document, each line indented by `indent` spaces and ended by a line feed.
  package static func text(of value: YAMLValue, indent: Int = 0) -> String {
    var text = ""
    switch value {
    case .sequence(let elements) where !elements.isEmpty: write(elements, indent, &text)
    case .mapping(let members) where !members.isEmpty: write(members, indent, &text)
    default: text = spaces(indent) + inline(value) + "\n"
    }
    return text
  }

  private static func write(_ elements: [YAMLValue], _ indent: Int, _ text: inout String) {
    for element in elements {
      switch element {
      case .sequence(let nested) where !nested.isEmpty: writeInner { write(nested, indent + 2, &$0) }
      case .mapping(let nested) where !nested.isEmpty: writeInner { write(nested, indent + 2, &$0) }
      default: text += spaces(indent) + "- " + inline(element) + "\n"
      }
    }
    /// The first line of what `body` writes stands behind the dash.
    func writeInner(_ body: (inout String) -> Void) {
      var inner = ""
      body(&inner)
      text += spaces(indent) + "- " + inner.dropFirst(indent + 2)
    }
  }

  private static func write(_ members: [YAMLValue.Member], _ indent: Int, _ text: inout String) {
    for (key, value) in members {
      let quoted = scalar(key)
      // A key before a colon may have 1024 characters at most.
      text += spaces(indent) + (quoted.utf8.count > 1000 ? "? \(quoted)\n\(spaces(indent)):" : "\(quoted):")
      switch value {
      case .sequence(let nested) where !nested.isEmpty:
        text += "\n"
        write(nested, indent + 2, &text)
      case .mapping(let nested) where !nested.isEmpty:
        text += "\n"
        write(nested, indent + 2, &text)
      default: text += " " + inline(value) + "\n"
      }
    }
  }

  private static func inline(_ value: YAMLValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .text(let value): scalar(value)
    case .sequence: "[]"
    case .mapping: "{}"
    }
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

  /// The text as one line: plain where YAML 1.1 and 1.2 read it as this very text, else in double quotes.
  package static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

  /// Stricter than YAML: nobody should have to know the rules of plain scalars to trust a file.
  private static func isPlain(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= 1000 else { return false }
    guard isLetter(first) || isDigit(first) || first == UInt8(ascii: "_") || first == UInt8(ascii: "/") else {
      return false
    }
    guard last != UInt8(ascii: " "), last != UInt8(ascii: ":") else { return false }
    var before: UInt8 = 0
    for byte in bytes {
      guard isLetter(byte) || isDigit(byte) || isMark(byte) else { return false }
      if byte == UInt8(ascii: " "), before == UInt8(ascii: ":") || before == UInt8(ascii: " ") { return false }
      before = byte
    }
    if isDigit(first) {
      // Numbers, times and dates have none but these letters: 0x1F, 1e9, 2024-01-01T00:00:00Z.
      let isNumeric = bytes.allSatisfy { !isLetter($0) || "eExXoObBtTzZ".utf8.contains($0) }
      return !isNumeric && !(first == UInt8(ascii: "0") && bytes.count > 1 && isLetter(bytes[1]))
    }
    return bytes.count > 5
      || !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(text.lowercased())
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x09: result += "\\t"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0..<0x20, 0x7F..<0xA0: result += "\\x" + hexadecimal(scalar.value, digits: 2)
      case 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: result += "\\u" + hexadecimal(scalar.value, digits: 4)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isMark(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: ":"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "="), UInt8(ascii: " "):
      true
    default: false
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
