internal import HostSystem

/// Reads a guest's serial console: what the host's script tells is taken, all else is handed on.
final class GuestConsole: Sendable {
  /// How far a guest is.
  enum Phase: String, Sendable, Comparable {
    case starting, booted, step, ending, ended

    private var place: Int {
      switch self {
      case .starting: 0
      case .booted: 1
      case .step: 2
      case .ending: 3
      case .ended: 4
      }
    }

    static func < (left: Phase, right: Phase) -> Bool { left.place < right.place }
  }

  struct State: Sendable {
    var phase = Phase.starting
    var status: Int?
    var isBootChanged = false
    var freeSpace = Int.max
    var fault: String?
    var tail: [String] = []
  }

  private static let kept = 20
  private let sign: String
  private let state = Locked(State())
  private let phaseBegins: @Sendable (Phase) -> Void
  private let lines: Locked<ConsoleLines?> = Locked(nil)

  /// - Parameter phaseBegins: called with each phase as it begins.
  init(sign: String, log: @escaping @Sendable (String) -> Void, phaseBegins: @escaping @Sendable (Phase) -> Void) {
    self.sign = sign
    self.phaseBegins = phaseBegins
    lines.withLock { $0 = ConsoleLines { [weak self] line in self?.take(line, log) } }
  }

  func add(_ piece: UnsafeRawBufferPointer) { lines.withLock { $0 }?.add(piece) }
  func finish() { lines.withLock { $0 }?.finish() }

  var now: State { state.withLock { $0 } }

  private func take(_ line: String, _ log: (String) -> Void) {
    guard line.hasPrefix(sign + " ") else {
      // Each sign stands behind an empty line.
      guard !line.allSatisfy(\.isWhitespace) else { return }
      state.withLock { state in
        state.tail.append(line)
        if state.tail.count > Self.kept { state.tail.removeFirst() }
      }
      return log(line)
    }
    let words = line.dropFirst(sign.count + 1).split(separator: " ", maxSplits: 1).map(String.init)
    let argument = words.dropFirst().first
    var begun: Phase?
    state.withLock { state in
      switch words.first {
      case "booted": begun = .booted
      case "step": begun = .step
      case "ending": begun = .ending
      case "boot": state.isBootChanged = true
      case "free": state.freeSpace = argument.flatMap { Int($0) }.map { $0 << 10 } ?? .max
      case "fault": state.fault = argument ?? "unknown"
      case "exit":
        state.status = argument.flatMap { Int($0) }
        begun = .ended
      default: break
      }
      if let begun { state.phase = max(state.phase, begun) }
    }
    if let begun { phaseBegins(begun) }
  }
}
