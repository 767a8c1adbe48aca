package import ImageModel

/// The lines of a text file, for diagnostics that show one.
///
/// Lines end as in YAML: line feed, carriage return, both, next line, line separator, paragraph separator.
package struct SourceText: Sendable {
  package let file: FilePath
  private let text: String

  /// Bytes that are not UTF-8 show as U+FFFD.
  package init(_ bytes: [UInt8], file: FilePath) {
    self.init(String(decoding: bytes, as: UTF8.self), file: file)
  }

  package init(_ text: String, file: FilePath) {
    self.text = text
    self.file = file
  }

  /// The line without its end; nil when there is no such line.
  ///
  /// - Complexity: O(bytes before the line's end)
  package func line(_ number: Int) -> String? {
    guard number >= 1 else { return nil }
    var current = 1
    var line = String.UnicodeScalarView()
    var isAfterReturn = false
    for scalar in text.unicodeScalars {
      if isAfterReturn, scalar == "\n" {
        isAfterReturn = false
        continue
      }
      isAfterReturn = scalar == "\r"
      if Self.endsLine(scalar) {
        if current == number { return String(line) }
        current += 1
      } else if current == number {
        line.append(scalar)
      }
    }
    return current == number ? String(line) : nil
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

  private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  var utf8: [UInt8] { Array(text.utf8) }

  func character(line: Int, column: Int) -> Unicode.Scalar? {
    self.line(line)?.unicodeScalars.dropFirst(column - 1).first
  }

  /// Line and column, both from 1, of the place that lies `count` characters after the beginning.
  func position(afterCharacters count: Int) -> (line: Int, column: Int) {
    var (line, column, isAfterReturn) = (1, 1, false)
    for scalar in text.unicodeScalars.prefix(count) {
      if isAfterReturn, scalar == "\n" {
        isAfterReturn = false
        continue
      }
      isAfterReturn = scalar == "\r"
      if Self.endsLine(scalar) { (line, column) = (line + 1, 1) } else { column += 1 }
    }
    return (line, column)
  }
}
