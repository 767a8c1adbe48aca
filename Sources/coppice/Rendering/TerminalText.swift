/// Text that programs and files hand us, made fit for a terminal.
enum TerminalText {
  /// Without escape sequences and control characters but the tab; what a carriage return has overwritten is gone.
  static func cleaned(_ line: some StringProtocol) -> String {
    var kept = String.UnicodeScalarView()
    let scalars = Array(line.unicodeScalars)
    var position = 0
    while position < scalars.count {
      let scalar = scalars[position]
      position += 1
      switch scalar {
      case "\u{1B}": position = end(ofEscapeAt: position, in: scalars)
      case "\r": if position < scalars.count { kept = String.UnicodeScalarView() }
      case "\t": kept.append(scalar)
      default:
        if scalar.properties.generalCategory != .control, !isBidirectionalControl(scalar) { kept.append(scalar) }
      }
    }
    return String(kept)
  }

  /// The lines of a text as one, cleaned.
  static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { cleaned($0) }.joined(separator: " ")
  }

  /// Where the sequence ends whose first scalar after ESC stands at `start`: CSI at its final byte, strings like OSC at
  /// BEL or ST, others after one final byte.
  private static func end(ofEscapeAt start: Int, in scalars: [Unicode.Scalar]) -> Int {
    guard start < scalars.count else { return start }
    var position = start + 1
    switch scalars[start] {
    case "[":
      while position < scalars.count, !(0x40...0x7E).contains(scalars[position].value) { position += 1 }
      return min(position + 1, scalars.count)
    case "]", "P", "X", "^", "_":
      while position < scalars.count, scalars[position] != "\u{7}", scalars[position] != "\u{1B}" { position += 1 }
      let isStringTerminator = position + 1 < scalars.count && scalars[position] == "\u{1B}"
      return min(position + (isStringTerminator ? 2 : 1), scalars.count)
    default:
      position = start
      while position < scalars.count, (0x20...0x2F).contains(scalars[position].value) { position += 1 }
      return min(position + 1, scalars.count)
    }
  }

  /// Marks that make text show in another order than it is written.
  private static func isBidirectionalControl(_ scalar: Unicode.Scalar) -> Bool {
    (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
  }

  /// At most `columns` columns, with `…` where something was cut.
  static func cut(_ text: String, to columns: Int) -> String {
    guard DisplayWidth.of(text) > columns else { return text }
    guard columns > 0 else { return "" }
    var kept = ""
    var width = 0
    for character in text {
      let next = width + DisplayWidth.of(character)
      if next > columns - 1 { break }
      kept.append(character)
      width = next
    }
    return kept + "…"
  }
}
