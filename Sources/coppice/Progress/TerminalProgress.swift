internal import BuildEngine
internal import ImageModel

/// What a terminal shows of a running build: pure, so that it can be tested without one.
struct TerminalProgress: Sendable {
  private struct Running: Sendable {
    var id: ArtifactID
    var start: Duration
    var lastLine = ""
  }

  private var log: ProgressLog
  private let diagnostics: DiagnosticText
  private var running: [Running] = []
  private var fetching: [(id: ArtifactID, place: String, size: Int?, meter: TransferMeter)] = []
  private var finished = 0
  private var expected: Duration?
  /// What each step that has not ended is expected to take.
  private var open: [ArtifactID: Duration] = [:]
  private var sum = Duration.zero

  init(log: ProgressLog, diagnostics: DiagnosticText) {
    self.log = log
    self.diagnostics = diagnostics
  }

  /// - Returns: the lines that stay.
  mutating func apply(_ event: BuildEvent, at now: Duration) -> String {
    switch event {
    case .planned(let steps, let expected):
      self.expected = expected
      for step in steps { if let duration = step.expected { open[step.id] = duration } }
      sum = open.values.reduce(.zero, +)
    case .started(let id, _, _): running.append(Running(id: id, start: now))
    case .output(let id, let line):
      if let index = running.firstIndex(where: { $0.id == id }) {
        running[index].lastLine = TerminalText.cleaned(line).replacing("\t", with: " ")
      }
    case .finished(let id, _, _, _, _), .current(let id):
      running.removeAll { $0.id == id }
      open[id] = nil
      finished += 1
    case .fetching(let id, let place, let bytes, let size):
      let index =
        fetching.firstIndex { $0.id == id }
        ?? {
          fetching.append((id, place, size, TransferMeter(at: now)))
          return fetching.count - 1
        }()
      fetching[index].meter.add(bytes - fetching[index].meter.bytes, at: now)
    case .fetched(let id, _, _, _, _): fetching.removeAll { $0.id == id }
    case .done: (running, fetching) = ([], [])
    case .note: break
    }
    return log.text(event) + diagnostics.text(of: event)
  }

  /// The live block; no line is longer than the terminal is wide, no block higher than it is.
  func block(at now: Duration, columns: Int, rows: Int) -> [String] {
    guard !running.isEmpty else { return fetches(at: now, columns: columns, rows: rows) }
    let room = max(1, rows - 2)
    let shown = running.count > room ? running.prefix(room - 1) : running[...]
    let widest = shown.map { DisplayWidth.of("\($0.id)") }.max() ?? 0
    var lines = [head(now)]
    for step in shown {
      let id = "\(step.id)"
      let padding = String(repeating: " ", count: widest - DisplayWidth.of(id))
      let time = HumanText.duration(now - step.start)
      lines.append(
        "  \(id)\(padding)  \(String(repeating: " ", count: max(0, 9 - time.count)))\(time)  \(step.lastLine)")
    }
    if shown.count < running.count { lines.append("  and \(running.count - shown.count) more running") }
    // The last column stays free: some terminals wrap when it is written.
    return lines.map { TerminalText.cut($0, to: max(1, columns - 1)) }
  }

  /// Outputs come before steps run.
  private func fetches(at now: Duration, columns: Int, rows: Int) -> [String] {
    fetching.prefix(max(1, rows - 2)).map { id, place, size, meter in
      TerminalText.cut("fetching \(id) from \(place): \(meter.text(of: size, at: now))", to: max(1, columns - 1))
    }
  }

  private func head(_ now: Duration) -> String {
    let left = remaining(now).map { ", about \(HumanText.duration($0)) left" } ?? ""
    return "[\(finished)/\(max(log.total, finished + running.count))] \(running.count) running\(left)"
  }

  /// The expected time of the whole build, less the part of its steps' work that is done.
  private func remaining(_ now: Duration) -> Duration? {
    guard let expected, sum > .zero else { return nil }
    var left = open
    for step in running {
      if let duration = left[step.id] { left[step.id] = max(.zero, duration - (now - step.start)) }
    }
    return expected * (left.values.reduce(.zero, +) / sum)
  }
}
