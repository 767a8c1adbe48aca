internal import ImageModel

/// The comments `# coppice: ignore=RULE,…` of a file, which hold for the instruction or line right below.
struct Suppressions: Sendable {
  private let lines: [Substring]

  init(_ text: String) {
    lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
  }

  /// Whether a comment above a line, counted from 1, names the rule; of an instruction of several lines every line is
  /// meant.
  func suppress(_ rule: LintRule, at line: Int) -> Bool {
    var above = line - 2
    while lines.indices.contains(above) {
      let text = lines[above].drop(while: \.isWhitespace)
      if text.first == "#" {
        if Self.rules(in: text.dropFirst()).contains(rule.rawValue) { return true }
      } else if !(lines[above].last { !$0.isWhitespace } == "\\") {
        return false
      }
      above -= 1
    }
    return false
  }

  private static func rules(in comment: Substring) -> [String] {
    let words = comment.split(whereSeparator: \.isWhitespace)
    guard words.count >= 2, words[0] == "coppice:", words[1].hasPrefix("ignore=") else { return [] }
    return words[1].dropFirst("ignore=".count).split(separator: ",").map(String.init)
  }
}
