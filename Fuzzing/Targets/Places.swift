import ImageModel

/// The lines of an input, to see whether a diagnostic points into it.
struct Places {
  private let lines: [String]
  private let count: Int

  /// - Parameter isEnd: whether a character ends a line; a carriage return and a line feed end one together.
  init(_ bytes: [UInt8], endingLines isEnd: (Unicode.Scalar) -> Bool) {
    var lines = [""]
    var isAfterReturn = false
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if isAfterReturn, scalar == "\n" {
        isAfterReturn = false
        continue
      }
      isAfterReturn = scalar == "\r" && isEnd(scalar)
      if isEnd(scalar) { lines.append("") } else { lines[lines.count - 1].unicodeScalars.append(scalar) }
    }
    self.lines = lines
    count = lines.count
  }

  /// A mark of the encoding is no part of the text.
  static func ofYAML(_ bytes: [UInt8]) -> Places {
    var bytes = bytes
    let isLittleEndian = bytes.starts(with: [0xFF, 0xFE])
    if isLittleEndian || bytes.starts(with: [0xFE, 0xFF]) {
      let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
        UInt16(bytes[isLittleEndian ? index + 1 : index]) << 8 | UInt16(bytes[isLittleEndian ? index : index + 1])
      }
      bytes = Array(String(decoding: units, as: UTF16.self).utf8)
    } else if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      bytes.removeFirst(3)
    }
    return Places(bytes) { [0x0A, 0x0D, 0x85, 0x2028, 0x2029].contains($0.value) }
  }

  static func ofDockerfile(_ bytes: [UInt8]) -> Places { Places(bytes) { $0 == "\n" } }

  func check(_ location: SourceLocation) throws {
    if location.line == 0 { return try require(location.column == 0, "a column of no line") }
    try require((1...count).contains(location.line), "line \(location.line) of \(count)")
    // The place after the last character is one, too.
    let width = lines[location.line - 1].unicodeScalars.count + 1
    try require((0...width).contains(location.column), "\(location) of \(width - 1) columns")
  }

  /// At least one fault, each with a place in the text.
  func check(_ diagnostics: [Diagnostic], mayBeEmpty: Bool = false) throws {
    try require(mayBeEmpty || !diagnostics.isEmpty, "refused without a diagnostic")
    for diagnostic in diagnostics {
      try require(!diagnostic.message.isEmpty, "a diagnostic without a message")
      guard let location = diagnostic.location else { continue }
      try check(location)
    }
  }
}
