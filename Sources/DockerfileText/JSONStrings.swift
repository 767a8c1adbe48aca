/// Whether the arguments of an instruction are a JSON array of strings, as in `CMD ["a", "b"]`.
enum JSONStrings: Equatable {
  case strings([String])
  /// JSON, an array, but with other values than strings: engines refuse it.
  case otherArray
  case notJSON

  init(_ bytes: [UInt8]) {
    guard bytes.first(where: { !Ascii.isSpace($0) }) == Ascii.open else {
      self = .notJSON
      return
    }
    var reader = Reader(bytes: bytes)
    guard let strings = reader.readDocument() else {
      self = .notJSON
      return
    }
    self = reader.hasOtherValues ? .otherArray : .strings(strings)
  }

  /// Checks that a text is JSON and keeps the strings of its outermost array.
  private struct Reader {
    let bytes: [UInt8]
    var position = 0
    var hasOtherValues = false

    mutating func readDocument() -> [String]? {
      guard let strings = readArray(depth: 0) else { return nil }
      skipSpace()
      return position == bytes.count ? strings : nil
    }

    private mutating func skipSpace() {
      while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
      skipSpace()
      guard peek == byte else { return false }
      position += 1
      return true
    }

    private mutating func readArray(depth: Int) -> [String]? {
      guard depth < 64, take(Ascii.open) else { return nil }
      var strings: [String] = []
      if take(Ascii.close) { return strings }
      repeat {
        skipSpace()
        if peek == Ascii.quote {
          guard let string = readString() else { return nil }
          strings.append(string)
        } else {
          hasOtherValues = true
          guard skipValue(depth: depth) else { return nil }
        }
      } while take(Ascii.comma)
      return take(Ascii.close) ? strings : nil
    }

    private mutating func skipValue(depth: Int) -> Bool {
      skipSpace()
      switch peek {
      case Ascii.quote: return readString() != nil
      case Ascii.open: return readArray(depth: depth + 1) != nil
      case UInt8(ascii: "{"): return skipObject(depth: depth + 1)
      default: return skipLiteral()
      }
    }

    private mutating func skipObject(depth: Int) -> Bool {
      guard depth < 64, take(UInt8(ascii: "{")) else { return false }
      if take(UInt8(ascii: "}")) { return true }
      repeat {
        skipSpace()
        guard readString() != nil, take(UInt8(ascii: ":")), skipValue(depth: depth) else { return false }
      } while take(Ascii.comma)
      return take(UInt8(ascii: "}"))
    }

    private mutating func skipLiteral() -> Bool {
      let word = bytes[position...].prefix { Ascii.isLetter($0) || Ascii.isDigit($0) || "+-.".utf8.contains($0) }
      position = word.endIndex
      let text = String(decoding: word, as: UTF8.self)
      if ["true", "false", "null"].contains(text) { return true }
      guard let first = word.first, first == Ascii.dash || Ascii.isDigit(first) else { return false }
      return Double(text) != nil
    }

    private mutating func readString() -> String? {
      guard take(Ascii.quote) else { return nil }
      var text: [UInt16] = []
      var plain: [UInt8] = []
      func flush() {
        text.append(contentsOf: String(decoding: plain, as: UTF8.self).utf16)
        plain = []
      }
      while let byte = peek {
        position += 1
        switch byte {
        case Ascii.quote:
          flush()
          return String(decoding: text, as: UTF16.self)
        case 0..<0x20:
          return nil
        case Ascii.backslash:
          flush()
          guard let unit = readEscape() else { return nil }
          text.append(unit)
        default:
          plain.append(byte)
        }
      }
      return nil
    }

    private mutating func readEscape() -> UInt16? {
      guard let byte = peek else { return nil }
      position += 1
      switch byte {
      case Ascii.quote, Ascii.backslash, Ascii.slash: return UInt16(byte)
      case UInt8(ascii: "b"): return 8
      case UInt8(ascii: "f"): return 12
      case UInt8(ascii: "n"): return 10
      case UInt8(ascii: "r"): return 13
      case UInt8(ascii: "t"): return 9
      case UInt8(ascii: "u"):
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Ascii.isDigit($0) || Ascii.isLetter($0) }) else { return nil }
        position += 4
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
      default: return nil
      }
    }
  }
}
