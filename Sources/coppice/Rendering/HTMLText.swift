/// Text that files and people hand us, made fit for a web page.
enum HTMLText {
  /// For an element's content or an attribute's value in quotes: a page shows it, and is never steered by it.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      // Marks that make text show in another order than it is written are no better than controls.
      case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": result += "\u{FFFD}"
      default: result += scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
      }
    }
    return result
  }
}
