internal import ImageModel

/// A `*.template` file at the top of a context.
struct TemplateFile {
  /// As it is on disk.
  let file: FilePath
  let bytes: [UInt8]

  /// A fault at a byte of the file, with its line.
  func diagnostic(_ fault: TemplateExpansion.Fault, _ message: String) -> Diagnostic {
    let newline = UInt8(ascii: "\n")
    let before = bytes[..<fault.offset]
    let start = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    let end = bytes[fault.offset...].firstIndex(of: newline) ?? bytes.endIndex
    let location = SourceLocation(
      file: file, line: before.count { $0 == newline } + 1,
      column: String(decoding: bytes[start..<fault.offset], as: UTF8.self).unicodeScalars.count + 1)
    return Diagnostic(
      .error, message, at: location, sourceLine: String(decoding: bytes[start..<end], as: UTF8.self), help: fault.help)
  }
}
