internal import ImageModel

/// The bytes of a text file with the places of its lines, so that every fault can show where it is.
struct SourceText: Sendable {
  let bytes: [UInt8]
  let file: FilePath
  /// The bytes of each line with its end; empty behind the end of the last line.
  let lineRanges: [Range<Int>]
  /// What is shown of each line: without its line end and without a byte order mark.
  private let contents: [Range<Int>]
  /// How many characters begin before every `blockSize`-th byte: lines are long, and places in them are many.
  private let characterCounts: [Int]

  private static let blockSize = 64
  /// Nobody reads a longer line; if each of its faults showed it, they would take the square of its length.
  private static let shownLimit = 4096

  init(_ bytes: [UInt8], file: FilePath) {
    self.bytes = bytes
    self.file = file
    var (starts, counts, count) = ([0], [0], 0)
    for (offset, byte) in bytes.enumerated() {
      if byte == Ascii.newline { starts.append(offset + 1) }
      if Self.beginsCharacter(byte) { count += 1 }
      if (offset + 1) % Self.blockSize == 0 { counts.append(count) }
    }
    characterCounts = counts
    lineRanges = zip(starts, starts.dropFirst() + [bytes.count]).map { $0..<$1 }
    contents = lineRanges.map { range in
      var line = bytes[range]
      if range.lowerBound == 0, line.starts(with: Ascii.byteOrderMark) { line = line.dropFirst(3) }
      while let last = line.last, last == Ascii.newline || last == Ascii.carriageReturn { line = line.dropLast() }
      return line.indices
    }
  }

  /// Characters are Unicode scalars: bytes that do not continue one.
  private static func beginsCharacter(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

  private func characters(before offset: Int) -> Int {
    let block = offset / Self.blockSize
    return characterCounts[block] + bytes[block * Self.blockSize..<offset].count(where: Self.beginsCharacter)
  }

  /// Whether the first line is `#!…`.
  var hasShebang: Bool {
    let start = bytes.starts(with: Ascii.byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
    return start.starts(with: [Ascii.hash, Ascii.bang])
  }

  /// The index of the line that holds the byte.
  private func lineIndex(at offset: Int) -> Int {
    var low = 0
    var high = lineRanges.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineRanges[middle].lowerBound <= offset { low = middle } else { high = middle }
    }
    return low
  }

  func location(at offset: Int) -> SourceLocation {
    let index = lineIndex(at: offset)
    let line = contents[index]
    let place = min(max(offset, line.lowerBound), line.upperBound)
    let column = characters(before: place) - characters(before: line.lowerBound) + 1
    return SourceLocation(file: file, line: index + 1, column: column)
  }

  func diagnostic(
    _ severity: Diagnostic.Severity, _ message: String, at offset: Int, help: String? = nil, rule: LintRule? = nil
  ) -> Diagnostic {
    let line = contents[lineIndex(at: offset)]
    let shown = line.count > Self.shownLimit ? nil : String(decoding: bytes[line], as: UTF8.self)
    return Diagnostic(severity, message, at: location(at: offset), sourceLine: shown, help: help, rule: rule)
  }

  /// The offset of the first byte that is not part of valid UTF-8, or nil.
  var firstInvalidByte: Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    for line in lineRanges where String(validating: bytes[line], as: UTF8.self) == nil {
      return line.first { bytes[$0] >= 0x80 && !Self.isSequence(bytes[line], at: $0) } ?? line.lowerBound
    }
    return nil
  }

  /// Whether the byte belongs to a valid sequence of UTF-8.
  private static func isSequence(_ line: ArraySlice<UInt8>, at offset: Int) -> Bool {
    var lead = offset
    while lead > line.startIndex, lead > offset - 3, line[lead] & 0xC0 == 0x80 { lead -= 1 }
    let length = Ascii.sequenceLength(line[lead])
    let end = lead + length
    guard end > offset, end <= line.endIndex else { return false }
    return String(validating: line[lead..<end], as: UTF8.self) != nil
  }
}

/// Bytes that have a meaning in Dockerfiles and patterns.
enum Ascii {
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")
  static let hash = UInt8(ascii: "#")
  static let backslash = UInt8(ascii: "\\")
  static let slash = UInt8(ascii: "/")
  static let star = UInt8(ascii: "*")
  static let question = UInt8(ascii: "?")
  static let open = UInt8(ascii: "[")
  static let close = UInt8(ascii: "]")
  static let caret = UInt8(ascii: "^")
  static let dash = UInt8(ascii: "-")
  static let dot = UInt8(ascii: ".")
  static let bang = UInt8(ascii: "!")
  static let equals = UInt8(ascii: "=")
  static let comma = UInt8(ascii: ",")
  static let quote = UInt8(ascii: "\"")
  static let apostrophe = UInt8(ascii: "'")
  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Blank, tab, vertical tab, form feed, carriage return and newline.
  static func isSpace(_ byte: UInt8) -> Bool { byte == space || (9...13).contains(byte) }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

  static func uppercased(_ byte: UInt8) -> UInt8 { (0x61...0x7A).contains(byte) ? byte & 0xDF : byte }

  /// The length that the first byte of a UTF-8 sequence announces; 1 for a byte that announces none.
  static func sequenceLength(_ lead: UInt8) -> Int {
    switch lead {
    case 0xC0..<0xE0: 2
    case 0xE0..<0xF0: 3
    case 0xF0..<0xF8: 4
    default: 1
    }
  }
}
