internal import BuildEngine
internal import HostSystem
internal import ImageModel

/// Tells a build on a terminal: what has finished stays, what runs is drawn below it at most ten times a second.
final class TerminalReporter: BuildReporter {
  private struct State {
    var progress: TerminalProgress
    var block = TerminalBlock()
    /// Lines that stay and were not written yet.
    var pending = ""
    var lastDrawn: Duration?
    var isDone = false
  }

  private static let interval = Duration.milliseconds(100)

  private let state: Locked<State>
  private let output: Output
  private let stopwatch: Stopwatch
  private let size: @Sendable () -> TerminalSize

  /// - Parameter size: asked before every drawing, since windows change.
  init(
    output: Output, detail: ProgressLog.Detail = .normal, style: Style,
    diagnostics: DiagnosticText, stopwatch: Stopwatch, size: @escaping @Sendable () -> TerminalSize
  ) {
    let log = ProgressLog(detail: detail, style: style, showsStarts: false)
    state = Locked(State(progress: TerminalProgress(log: log, diagnostics: diagnostics)))
    self.output = output
    self.stopwatch = stopwatch
    self.size = size
  }

  /// Redraws until the build is done, on a thread of its own.
  func startTicking() {
    Ticker.start(every: Self.interval) { [weak self] in self?.tick() ?? false }
  }

  func report(_ event: BuildEvent) {
    let now = stopwatch.elapsed
    state.withLock { state in
      guard !state.isDone else { return }
      state.pending += state.progress.apply(event, at: now)
      if case .done = event { state.isDone = true }
      draw(&state, now)
    }
  }

  /// - Returns: whether there will be more to draw.
  func tick() -> Bool {
    let now = stopwatch.elapsed
    return state.withLock { state in
      if !state.isDone { draw(&state, now) }
      return !state.isDone
    }
  }

  /// Clears the block and writes what is pending if the build ended without telling so.
  func close() {
    state.withLock { state in
      guard !state.isDone else { return }
      state.isDone = true
      draw(&state, stopwatch.elapsed)
    }
  }

  private func draw(_ state: inout State, _ now: Duration) {
    if !state.isDone, let last = state.lastDrawn, now - last < Self.interval { return }
    let size = size()
    let lines = state.isDone ? [] : state.progress.block(at: now, columns: size.columns, rows: size.rows)
    output.write(state.block.replacing(with: lines, below: state.pending, columns: size.columns))
    state.pending = ""
    state.lastDrawn = now
  }
}
