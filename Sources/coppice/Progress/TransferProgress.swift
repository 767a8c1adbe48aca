internal import HostSystem
internal import ImageModel
internal import JSONText

/// One thing on its way to a destination, or from one.
struct Transfer: Hashable, Sendable {
  enum Way: String, Sendable { case sending, downloading }

  var way: Way
  /// An artifact, or the name of a file.
  var what: String
  /// A destination, or where else it comes from.
  var place: String
  /// Bytes, where they are known.
  var total: Int?
}

/// Shows bytes on their way: on a terminal in lines that are drawn again, to programs as events, else now and then in a
/// line.
///
/// The events are a contract and change only by adding: `started`, `progress`, `finished`, what commands tell
/// themselves, and always last, once, `done`.
final class TransferProgress: Sendable {
  enum Form: Sendable { case quiet, plain, terminal, events }

  private struct State: Sendable {
    var running: [(transfer: Transfer, meter: TransferMeter)] = []
    var block = TerminalBlock()
    var lastDrawn: Duration?
    var isDone = false
  }

  private static let (redrawn, toldToPrograms, toldInLines): (Duration, Duration, Duration) =
    (.milliseconds(100), .milliseconds(500), .seconds(10))

  let form: Form
  private let output: Output
  private let stopwatch: Stopwatch
  private let size: @Sendable () -> TerminalSize
  private let state = Locked(State())

  init(
    _ form: Form, output: Output, stopwatch: Stopwatch, size: @escaping @Sendable () -> TerminalSize
  ) {
    (self.form, self.output, self.stopwatch, self.size) = (form, output, stopwatch, size)
  }

  /// Redraws until it is done, on a thread of its own.
  func startTicking() {
    Ticker.start(every: Self.redrawn) { [weak self] in self?.tick() ?? false }
  }

  // MARK: What happens

  func begin(_ transfer: Transfer) {
    let now = stopwatch.elapsed
    state.withLock { state in
      var meter = TransferMeter(at: now)
      // The first news is that it has begun.
      _ = meter.isDue(every: .zero, at: now)
      state.running.append((transfer, meter))
      switch form {
      case .plain:
        let size = transfer.total.map { ", \(HumanText.bytes($0))" } ?? ""
        output.write("\(transfer.words)\(size)\n")
      case .events: write(event("started", transfer, [("total", transfer.total.map { .integer($0) } ?? .null)]))
      case .terminal: draw(&state, now)
      case .quiet: break
      }
    }
  }

  /// - Parameter count: less than nothing when some was lost.
  func add(_ count: Int, to transfer: Transfer) {
    let now = stopwatch.elapsed
    state.withLock { state in
      guard let index = state.running.firstIndex(where: { $0.transfer == transfer }) else { return }
      state.running[index].meter.add(count, at: now)
      let meter = state.running[index].meter
      switch form {
      case .plain where state.running[index].meter.isDue(every: Self.toldInLines, at: now):
        output.write("\(transfer.what): \(meter.text(of: transfer.total, at: now))\n")
      case .events where state.running[index].meter.isDue(every: Self.toldToPrograms, at: now):
        let rate = meter.rate(at: now) ?? meter.averageRate(at: now)
        write(
          event(
            "progress", transfer,
            [
              ("bytes", .integer(meter.bytes)), ("total", transfer.total.map { .integer($0) } ?? .null),
              ("rate", rate.map { .integer($0) } ?? .null),
            ]))
      case .terminal: draw(&state, now)
      default: break
      }
    }
  }

  /// - Parameter more: what a program is told beside.
  func end(_ transfer: Transfer, _ more: [(String, JSONValue)] = []) {
    let now = stopwatch.elapsed
    state.withLock { state in
      guard let index = state.running.firstIndex(where: { $0.transfer == transfer }) else { return }
      let meter = state.running.remove(at: index).meter
      switch form {
      case .plain, .terminal:
        let result = meter.bytes > 0 ? meter.summary(at: now) : "nothing was missing"
        stay("\(transfer.pastWords): \(result)\n", &state)
      case .events:
        let members: [(String, JSONValue)] = [
          ("bytes", .integer(meter.bytes)), ("seconds", .seconds(meter.elapsed(at: now))),
        ]
        write(event("finished", transfer, members + more))
      case .quiet: break
      }
    }
  }

  /// A line for people, an event for programs.
  func tell(_ line: String, _ event: JSONObject? = nil) {
    state.withLock { state in
      switch form {
      case .plain, .terminal: stay(line + "\n", &state)
      case .events: if let event { write(event) }
      case .quiet: break
      }
    }
  }

  /// Ends it; what comes later does nothing.
  /// - Parameter members: of the last event.
  func close(_ members: [(String, JSONValue)] = []) {
    let now = stopwatch.elapsed
    state.withLock { state in
      guard !state.isDone else { return }
      state.isDone = true
      state.running = []
      if form == .terminal { stay("", &state) }
      if form == .events { write(JSONObject([("event", "done")] + members + [("seconds", .seconds(now))])) }
    }
  }

  // MARK: Showing it

  private func event(_ name: String, _ transfer: Transfer, _ members: [(String, JSONValue)]) -> JSONObject {
    let place = transfer.way == .sending ? "destination" : "from"
    let what = transfer.way == .sending ? "id" : "file"
    return JSONObject(
      [("event", .string(name)), (what, .string(transfer.what)), (place, .string(transfer.place))] + members)
  }

  private func write(_ event: JSONObject) { output.write(JSONValue.object(event).text + "\n") }

  private func tick() -> Bool {
    let now = stopwatch.elapsed
    return state.withLock { state in
      if !state.isDone { draw(&state, now) }
      return !state.isDone
    }
  }

  /// Writes what stays above the lines of what is on its way.
  private func stay(_ text: String, _ state: inout State) {
    guard form == .terminal else { return output.write(text) }
    draw(&state, stopwatch.elapsed, below: text)
  }

  private func draw(_ state: inout State, _ now: Duration, below text: String = "") {
    if text.isEmpty, !state.isDone, let last = state.lastDrawn, now - last < Self.redrawn { return }
    let columns = size().columns
    let lines = state.running.map { transfer, meter in
      TerminalText.cut("\(transfer.words): \(meter.text(of: transfer.total, at: now))", to: max(1, columns - 1))
    }
    output.write(state.block.replacing(with: lines, below: text, columns: columns))
    state.lastDrawn = now
  }
}

extension Transfer {
  /// `sending docker/base:1 to hub`; what others have named cannot steer a terminal.
  fileprivate var words: String {
    TerminalText.cleaned(way == .sending ? "sending \(what) to \(place)" : "downloading \(what) from \(place)")
  }
  fileprivate var pastWords: String {
    TerminalText.cleaned(way == .sending ? "sent \(what) to \(place)" : "downloaded \(what) from \(place)")
  }
}

extension Invocation {
  /// How bytes on their way are shown; close it when the command ends.
  func transfers(_ progress: BuildOptions.Progress, clock: some Clock<Duration> = ContinuousClock()) -> TransferProgress
  {
    let isTerminal =
      isOutputTerminal && environment["TERM"] != "dumb" && !global.isQuiet && !global.isVerbose
    let form: TransferProgress.Form =
      switch progress {
      case .json: .events
      case .tty: .terminal
      case .auto where isTerminal: .terminal
      case .auto, .plain: global.isQuiet ? .quiet : .plain
      }
    let transfers = TransferProgress(form, output: output, stopwatch: Stopwatch(clock), size: size)
    if form == .terminal { transfers.startTicking() }
    return transfers
  }
}
