/// Some lines at the bottom of what was written, drawn again in place.
///
/// The cursor is never hidden and stands at the end of the block: whatever ends the process, the terminal is in order.
struct TerminalBlock: Sendable {
  private var widths: [Int] = []

  /// What to write so that `text` stays above and `lines` is the new block.
  /// - Parameter columns: of the terminal now; lines drawn before it became narrower take more rows.
  mutating func replacing(with lines: [String], below text: String, columns: Int) -> String {
    var bytes = ""
    let rows = widths.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
    if rows > 0 { bytes += "\r" + (rows > 1 ? "\u{1B}[\(rows - 1)A" : "") + "\u{1B}[J" }
    bytes += text + lines.joined(separator: "\n")
    widths = lines.map { DisplayWidth.of($0) }
    return bytes
  }
}
