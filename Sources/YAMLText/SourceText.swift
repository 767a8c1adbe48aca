package import ImageModel

/// The lines of a text file, for diagnostics that show one.
///
/// Lines end as in YAML: line feed, carriage return, both, next line, line separator, paragraph separator.
package struct SourceText: Sendable {
  package let file: FilePath
  private let text: String
  /// Without their ends; at least one. Cut once: a file may have very many faults.
  private let lines: [Substring]

  /// UTF-8, or UTF-16 with its mark; what is neither shows as U+FFFD. The mark is no part of the text.
  package init(_ bytes: [UInt8], file: FilePath) {
    if let units = Self.units(ofUTF16: bytes) {
      self.init(String(decoding: units, as: UTF16.self), file: file)
    } else {
      self.init(String(decoding: Self.withoutMark(bytes), as: UTF8.self), file: file)
    }
  }

  package init(_ text: String, file: FilePath) {
    self.text = text
    self.file = file
    lines = Self.lines(of: text)
  }

  /// The line without its end; nil when there is no such line.
  package func line(_ number: Int) -> String? {
    lines.indices.contains(number - 1) ? String(lines[number - 1]) : nil
  }

  /// A diagnostic that shows the line of its location.
  package func diagnostic(
    _ severity: Diagnostic.Severity, _ message: String, line: Int, column: Int, help: String? = nil,
    rule: LintRule? = nil
  ) -> Diagnostic {
    Diagnostic(
      severity, message, at: SourceLocation(file: file, line: line, column: column), sourceLine: self.line(line),
      help: help, rule: rule)
  }

  // MARK: - Places

  private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  private static func lines(of text: String) -> [Substring] {
    let scalars = text.unicodeScalars
    var lines: [Substring] = []
    var start = scalars.startIndex
    var index = start
    while index < scalars.endIndex {
      let next = scalars.index(after: index)
      defer { index = next }
      guard endsLine(scalars[index]) else { continue }
      let isWithinEnd = scalars[index] == "\r" && next < scalars.endIndex && scalars[next] == "\n"
      if isWithinEnd { continue }
      let isAfterReturn = scalars[index] == "\n" && index > start && scalars[scalars.index(before: index)] == "\r"
      lines.append(text[start..<(isAfterReturn ? scalars.index(before: index) : index)])
      start = next
    }
    return lines + [text[start...]]
  }

  func character(line: Int, column: Int) -> Unicode.Scalar? {
    self.line(line)?.unicodeScalars.dropFirst(column - 1).first
  }

  /// The place itself, or the end of the text: libyaml ends the last line for itself and goes on in the next one.
  func clamped(line: Int, column: Int) -> (line: Int, column: Int) {
    guard line > lines.count, let last = lines.last else { return (line, column) }
    return (lines.count, last.unicodeScalars.count + 1)
  }

  /// Line and column, both from 1, of the place that lies `count` characters after the beginning.
  func position(afterCharacters count: Int) -> (line: Int, column: Int) {
    let before = Self.lines(of: String(text.unicodeScalars.prefix(count)))
    return (before.count, (before.last?.unicodeScalars.count ?? 0) + 1)
  }

  // MARK: - Bytes

  var utf8: [UInt8] { Array(text.utf8) }

  static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
  }

  /// The units behind a mark of UTF-16, a byte at the end left out; nil without a mark.
  static func units(ofUTF16 bytes: [UInt8]) -> [UInt16]? {
    let isLittleEndian = bytes.starts(with: [0xFF, 0xFE])
    guard isLittleEndian || bytes.starts(with: [0xFE, 0xFF]) else { return nil }
    return stride(from: 2, to: bytes.count - 1, by: 2).map { index in
      isLittleEndian
        ? UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8
        : UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }
  }
}
