import HostSystem

/// Cuts a stream of pieces into lines; called from one thread at a time.
final class LineSplitter: Sendable {
  /// A line without an end would grow for ever.
  private static let limit = 64 << 10
  private let rest = Locked<[UInt8]>([])

  func add(_ piece: UnsafeRawBufferPointer, _ body: (String) -> Void) {
    var lines: [String] = []
    rest.withLock { rest in
      for byte in piece {
        if byte == UInt8(ascii: "\n") || rest.count == Self.limit {
          lines.append(Self.text(rest))
          rest.removeAll(keepingCapacity: true)
        }
        if byte != UInt8(ascii: "\n") { rest.append(byte) }
      }
    }
    lines.forEach(body)
  }

  /// Hands over what came after the last end of a line.
  func finish(_ body: (String) -> Void) {
    let last = rest.withLock { rest -> [UInt8] in
      defer { rest = [] }
      return rest
    }
    if !last.isEmpty { body(Self.text(last)) }
  }

  /// Of a line that a progress bar wrote over and over only the last state counts.
  private static func text(_ line: [UInt8]) -> String {
    let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
    return String(decoding: line.split(separator: UInt8(ascii: "\r")).last ?? [], as: UTF8.self)
  }
}

/// The last lines of a command.
final class LineTail: Sendable {
  private let lines = Locked<[String]>([])

  func add(_ line: String) {
    lines.withLock { lines in
      if line.allSatisfy(\.isWhitespace) { return }
      lines.append(line)
      if lines.count > 20 { lines.removeFirst() }
    }
  }

  var text: String { lines.withLock { $0.joined(separator: "\n") } }
}
