/// Breaks text into lines between words.
enum Wrapping {
  /// - Parameters:
  ///   - width: the columns of a whole line, indentation included.
  ///   - indent: the columns before every line; the caller writes those of the first.
  static func wrap(_ text: String, width: Int, indent: Int) -> String {
    let room = max(20, width - indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(word) > room {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " " + word
    }
    lines.append(line)
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }
}
