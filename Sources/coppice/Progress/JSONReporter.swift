internal import BuildEngine
internal import HostSystem
internal import ImageModel
internal import JSONText

/// Tells a build to a program: one JSON object a line on standard output and nothing else there.
///
/// The events are a contract and change only by adding: `started`, `finished`, `fetching`, `fetched`, and always last,
/// once, `done`.
final class JSONReporter: BuildReporter {
  private struct State {
    var counts: [StepOutcome: Int] = [:]
    var isDone = false
    var fetching: [ArtifactID: TransferMeter] = [:]
  }

  /// Between two events of one fetch.
  private static let pause = Duration.milliseconds(500)

  private let state = Locked(State())
  private let output: Output
  private let errorOutput: Output
  private let diagnostics: DiagnosticText
  private let stopwatch: Stopwatch

  init(output: Output, errorOutput: Output, diagnostics: DiagnosticText = DiagnosticText(), stopwatch: Stopwatch) {
    self.output = output
    self.errorOutput = errorOutput
    self.diagnostics = diagnostics
    self.stopwatch = stopwatch
  }

  func report(_ event: BuildEvent) {
    state.withLock { state in
      guard !state.isDone else { return }
      errorOutput.write(diagnostics.text(of: event))
      switch event {
      case .started(let id, _, _): write(["event": "started", "id": .string("\(id)")])
      case .finished(let id, let outcome, let duration, _, let nearMiss):
        state.counts[outcome, default: 0] += 1
        var object = JSONObject([
          ("event", "finished"), ("id", .string("\(id)")), ("outcome", .string(outcome.rawValue)),
          ("seconds", .seconds(duration)),
        ])
        if !nearMiss.isEmpty { object.append("nearMiss", .array(nearMiss.map { .string($0) })) }
        write(.object(object))
      case .done(let summary):
        state.isDone = true
        writeDone(summary.duration) { summary.count($0) }
      case .fetching(let id, let place, let bytes, let size): tell(id, place, bytes, size, &state)
      case .fetched(let id, let place, let bytes, let duration, let isHere):
        state.fetching[id] = nil
        guard isHere else { return }
        write([
          "event": "fetched", "id": .string("\(id)"), "from": .string(place), "bytes": .integer(bytes),
          "seconds": .seconds(duration),
        ])
      case .planned, .output, .current, .note: break
      }
    }
  }

  private func tell(_ id: ArtifactID, _ place: String, _ bytes: Int, _ size: Int?, _ state: inout State) {
    let now = stopwatch.elapsed
    var meter = state.fetching[id] ?? TransferMeter(at: now)
    meter.add(bytes - meter.bytes, at: now)
    if meter.isDue(every: Self.pause, at: now) {
      write([
        "event": "fetching", "id": .string("\(id)"), "from": .string(place), "bytes": .integer(bytes),
        "total": size.map { .integer($0) } ?? .null, "rate": meter.rate(at: now).map { .integer($0) } ?? .null,
      ])
    }
    state.fetching[id] = meter
  }

  /// Writes `done` if the build ended without telling so: every reader gets its last line.
  func close() {
    state.withLock { state in
      guard !state.isDone else { return }
      state.isDone = true
      writeDone(stopwatch.elapsed) { state.counts[$0] ?? 0 }
    }
  }

  private func writeDone(_ duration: Duration, _ count: (StepOutcome) -> Int) {
    var object = JSONObject([("event", "done")])
    for outcome in [StepOutcome.built, .unchanged, .restored, .failed, .skipped] {
      object.append(outcome.rawValue, .integer(count(outcome)))
    }
    object.append("seconds", .seconds(duration))
    write(.object(object))
  }

  private func write(_ value: JSONValue) { output.write(value.text + "\n") }
}
