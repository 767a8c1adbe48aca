package import ImageModel

/// Reads `.dockerignore` text.
///
/// Source: moby/patternmatcher `ignorefile`.
package enum IgnoreReader {
  /// The patterns as they are written, and what is wrong with them; engines refuse a file with an error.
  package static func read(_ text: [UInt8], name: String, file: FilePath) -> (IgnoreFile, [Diagnostic]) {
    let source = SourceText(text, file: file)
    var result = IgnoreFile(name: name)
    if let offset = source.firstInvalidByte {
      return (result, [source.diagnostic(.error, "this byte is not UTF-8", at: offset)])
    }
    var diagnostics: [Diagnostic] = []
    for (number, range) in zip(1..., source.lineRanges) {
      var line = text[range]
      if number == 1, line.starts(with: Ascii.byteOrderMark) { line = line.dropFirst(3) }
      if line.last == Ascii.newline { line = line.dropLast() }
      if line.last == Ascii.carriageReturn { line = line.dropLast() }
      // Only in the first column does it begin a comment.
      if line.first == Ascii.hash || line.allSatisfy(Ascii.isSpace) { continue }
      let pattern = String(decoding: line, as: UTF8.self)
      do {
        guard try IgnorePattern(line: pattern) != nil else { continue }
        result.patterns.append(pattern)
        result.lines.append(number)
      } catch {
        let (message, help) =
          switch error {
          case .loneException: ("'!' stands alone", "write the pattern that it takes in again behind it")
          case .malformed: ("this is no pattern", "close every '[', and write '\\' before a character it escapes")
          }
        diagnostics.append(source.diagnostic(.error, message, at: line.startIndex, help: help))
      }
    }
    return (result, diagnostics)
  }
}
