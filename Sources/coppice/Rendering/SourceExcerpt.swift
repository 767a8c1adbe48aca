/// The line of text that a diagnostic points at, with a caret below it.
enum SourceExcerpt {
  /// The longest piece of a line that is shown, in characters.
  private static let longest = 160
  /// How much of a cut line is shown before the caret.
  private static let before = 60

  /// - Parameter column: from 1, in code points; 0 points nowhere.
  static func lines(_ source: String, column: Int) -> (line: String, caret: String?) {
    var scalars = source.unicodeScalars.prefix { $0 != "\n" }.map(shown)
    if scalars.last == "\u{FFFD}", source.hasSuffix("\r") { scalars.removeLast() }
    var position = min(max(column - 1, 0), scalars.count)
    if scalars.count > longest {
      let start = max(0, min(position - before, scalars.count - longest))
      let end = min(start + longest, scalars.count)
      position -= start
      let isCut = (start > 0, end < scalars.count)
      scalars = Array(scalars[start..<end])
      if isCut.0 {
        scalars.insert("…", at: 0)
        position += 1
      }
      if isCut.1 { scalars.append("…") }
    }
    let line = String(String.UnicodeScalarView(scalars))
    guard column > 0 else { return (line, nil) }
    // A tab stays a tab, so that the caret stands where the terminal puts its character.
    let indent = scalars.prefix(position).map { scalar in
      scalar == "\t" ? "\t" : String(repeating: " ", count: DisplayWidth.of(scalar))
    }
    return (line, indent.joined() + "^")
  }

  private static func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    scalar != "\t" && scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
  }
}
