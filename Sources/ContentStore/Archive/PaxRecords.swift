/// The records `LENGTH KEY=VALUE\n` of a PAX extended header.
struct PaxRecords {
  private(set) var values: [String: [UInt8]] = [:]
  /// Extended attributes by name.
  private(set) var attributes: [String: [UInt8]] = [:]

  struct Fault: Error { var message: String }

  init() {}

  init(_ bytes: [UInt8]) throws(Fault) {
    var rest = bytes[...]
    while !rest.isEmpty {
      // Some writers fill up with zeros.
      if rest.allSatisfy({ $0 == 0 }) { return }
      guard let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
        let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0, length <= rest.count,
        rest.startIndex + length > space + 1
      else { throw Fault(message: "a PAX record has no valid length") }
      let end = rest.startIndex + length
      guard rest[end - 1] == UInt8(ascii: "\n"), let equals = rest[(space + 1)..<end].firstIndex(of: UInt8(ascii: "="))
      else { throw Fault(message: "a PAX record is not KEY=VALUE") }
      try add(String(decoding: rest[(space + 1)..<equals], as: UTF8.self), Array(rest[(equals + 1)..<(end - 1)]))
      rest = rest[end...]
    }
  }

  private mutating func add(_ key: String, _ value: [UInt8]) throws(Fault) {
    if key.hasPrefix("SCHILY.xattr.") {
      attributes[String(key.dropFirst(13))] = value
    } else if key.hasPrefix("LIBARCHIVE.xattr.") {
      let name = Self.decodingPercents(key.dropFirst(17))
      // The same attribute stands there as SCHILY's, too, when it is text.
      if attributes[name] == nil { attributes[name] = Self.decodingBase64(value) }
    } else {
      if value.contains(0) { throw Fault(message: "the PAX record `\(key)` has a zero byte") }
      values[key] = value
    }
  }

  /// The text of a name; nil when the record is missing or empty, which means the same.
  func bytes(_ key: String) -> [UInt8]? {
    guard let value = values[key], !value.isEmpty else { return nil }
    return value
  }

  func number(_ key: String) throws(Fault) -> Int? {
    guard let value = bytes(key) else { return nil }
    guard let number = Int(String(decoding: value, as: UTF8.self)), number >= 0 else {
      throw Fault(message: "the PAX record `\(key)` is not a number")
    }
    return number
  }

  /// Whole seconds; the fraction is dropped.
  func seconds(_ key: String) -> Int? {
    bytes(key).flatMap { Int(String(decoding: $0.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)) }
  }

  private static func decodingPercents(_ text: Substring) -> String {
    var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func decodingBase64(_ text: [UInt8]) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var (bytes, bits, count) = ([UInt8](), 0, 0)
    for byte in text {
      guard let value = alphabet.firstIndex(of: byte) else { continue }
      bits = (bits << 6 | value) & 0xffff
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }
}
