/// The records `LENGTH KEY=VALUE\n` of a PAX extended header.
struct PaxRecords {
  private(set) var values: [String: [UInt8]] = [:]
  /// Extended attributes by name.
  private(set) var attributes: [[UInt8]: [UInt8]] = [:]
  /// Where the data of a sparse file lies, from format 0.0, which repeats its keys: offset and length in turn.
  private(set) var sparseNumbers: [[UInt8]] = []

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
      try add(rest[(space + 1)..<equals], Array(rest[(equals + 1)..<(end - 1)]))
      rest = rest[end...]
    }
  }

  private mutating func add(_ key: ArraySlice<UInt8>, _ value: [UInt8]) throws(Fault) {
    if key.starts(with: "SCHILY.xattr.".utf8) {
      attributes[Array(key.dropFirst(13))] = value
    } else if key.starts(with: "LIBARCHIVE.xattr.".utf8) {
      let name = Self.decodingPercents(key.dropFirst(17))
      // The same attribute stands there as SCHILY's, too, when it is text.
      if attributes[name] == nil { attributes[name] = Self.decodingBase64(value) }
    } else {
      let key = String(decoding: key, as: UTF8.self)
      if value.contains(0) { throw Fault(message: "the PAX record `\(key.printable)` has a zero byte") }
      if key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes" { sparseNumbers.append(value) }
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

  /// Whole seconds; a fraction makes it the second before.
  func seconds(_ key: String) -> Int? {
    guard let value = bytes(key),
      let whole = Int(String(decoding: value.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self))
    else { return nil }
    let hasFraction = value.drop { $0 != UInt8(ascii: ".") }.contains {
      (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0)
    }
    return value.first == UInt8(ascii: "-") && hasFraction && whole > .min ? whole - 1 : whole
  }

  private static func decodingPercents(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), text)
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
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
