/// Colours and weights of a terminal; plain text where there is none.
struct Style: Sendable {
  var isColored: Bool

  static let plain = Style(isColored: false)

  enum Mark: String, Sendable {
    case bold = "1"
    case faint = "2"
    case red = "1;31"
    case green = "32"
    case yellow = "1;33"
    case cyan = "1;36"
  }

  func callAsFunction(_ mark: Mark, _ text: String) -> String {
    isColored && !text.isEmpty ? "\u{1B}[\(mark.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Colours only on a terminal that has them, and never against NO_COLOR unless `always` asks for them.
  static func chosen(_ color: GlobalOptions.Color, isTerminal: Bool, environment: [String: String]) -> Style {
    switch color {
    case .always: Style(isColored: true)
    case .never: .plain
    case .auto:
      Style(isColored: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb")
    }
  }
}
