internal import HostSystem

/// Cuts what a console shows into lines, hands them on and keeps the last ones.
final class ConsoleLines: Sendable {
  private struct State: Sendable {
    var rest: [UInt8] = []
    var tail: [String] = []
  }

  /// A line without an end would grow for ever.
  private static let longest = 16 << 10
  private static let kept = 20
  private let state = Locked(State())
  private let log: @Sendable (String) -> Void

  init(log: @escaping @Sendable (String) -> Void) { self.log = log }

  func add(_ piece: UnsafeRawBufferPointer) {
    let lines = state.withLock { state in
      var lines: [String] = []
      for byte in piece {
        let ends = byte == UInt8(ascii: "\n")
        if ends || state.rest.count == Self.longest {
          lines.append(Self.text(state.rest))
          state.rest.removeAll(keepingCapacity: true)
        }
        if !ends { state.rest.append(byte) }
      }
      return lines
    }
    lines.forEach(take)
  }

  /// Hands over what came after the last end of a line.
  func finish() {
    let last = state.withLock { state -> [UInt8] in
      defer { state.rest = [] }
      return state.rest
    }
    if !last.isEmpty { take(Self.text(last)) }
  }

  /// The last lines that say something.
  var tail: [String] { state.withLock { $0.tail } }

  /// Keeps a line among the last ones.
  func keep(_ line: String) {
    if line.allSatisfy(\.isWhitespace) { return }
    state.withLock { state in
      state.tail.append(line)
      if state.tail.count > Self.kept { state.tail.removeFirst() }
    }
  }

  private func take(_ line: String) {
    keep(line)
    log(line)
  }

  /// Without what moves a terminal's cursor; of a line that was written over, the last state.
  private static func text(_ line: [UInt8]) -> String {
    var shown: [UInt8] = []
    var place = line.startIndex
    while place < line.endIndex {
      let byte = line[place]
      place += 1
      if byte == 0x1B {
        // CSI: parameters, then one letter; other sequences have one byte behind the escape.
        guard place < line.endIndex else { break }
        if line[place] == UInt8(ascii: "[") {
          place += 1
          while place < line.endIndex, !(0x40...0x7E).contains(line[place]) { place += 1 }
        }
        place += 1
      } else if byte == UInt8(ascii: "\r") {
        if place < line.endIndex, line[place...].contains(where: { $0 != UInt8(ascii: "\r") }) { shown = [] }
      } else if byte >= 0x20 || byte == UInt8(ascii: "\t") {
        shown.append(byte)
      }
    }
    return String(decoding: shown, as: UTF8.self)
  }
}
