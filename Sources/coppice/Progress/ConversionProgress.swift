internal import ContentStore
internal import HostSystem
internal import ImageModel

/// Counts what is read of an image's layers, shows it on a terminal, and ends the reading when the task is cancelled.
final class ConversionProgress: Sendable {
  private struct State: Sendable {
    var read = 0
    /// From 1.
    var layer = 0
    var isCancelled = false
    var isClosed = false
    var block = TerminalBlock()
  }

  private let state = Locked(State())
  private let count: Int
  /// Bytes of all layers.
  private let size: Int?
  private let invocation: Invocation?
  private let stopwatch = Stopwatch(ContinuousClock())

  /// - Parameters:
  ///   - count: of the layers.
  ///   - invocation: nil shows nothing.
  init(count: Int, size: Int?, on invocation: Invocation?) {
    (self.count, self.size) = (count, size)
    let isShown = invocation.map { !$0.global.isQuiet && $0.environment["TERM"] != "dumb" } ?? false
    self.invocation = isShown ? invocation : nil
    if isShown { Ticker.start(every: .milliseconds(100)) { [weak self] in self?.draw() ?? false } }
  }

  var elapsed: Duration { stopwatch.elapsed }

  /// Calls `body` on a thread of its own, with layers that are counted.
  func run<Result: Sendable>(
    _ layers: [LayerSource], _ body: @escaping @Sendable ([LayerSource]) throws -> Result
  ) async throws -> Result {
    let layers = layers.enumerated().map { index, layer in
      layer.watched { [self] piece in
        let isCancelled = state.withLock { state in
          state.layer = index + 1
          state.read += piece.count
          return state.isCancelled
        }
        if isCancelled { throw CancellationError() }
      }
    }
    return try await withTaskCancellationHandler {
      try await onBlockingThread { try body(layers) }
    } onCancel: { [state] in
      state.withLock { $0.isCancelled = true }
    }
  }

  func check() throws { if state.withLock({ $0.isCancelled }) { throw CancellationError() } }

  /// - Returns: whether there will be more to draw.
  private func draw() -> Bool {
    guard let invocation else { return false }
    return state.withLock { state in
      if state.isClosed { return false }
      let columns = invocation.size().columns
      var line = "layer \(state.layer) of \(count): \(HumanText.bytes(state.read))"
      if let size { line += " of \(HumanText.bytes(size))" }
      line += ", \(HumanText.duration(elapsed))"
      let lines = [TerminalText.cut(line, to: max(1, columns - 1))]
      invocation.output.write(state.block.replacing(with: lines, below: "", columns: columns))
      return true
    }
  }

  /// Clears what is shown.
  func close() {
    state.withLock { state in
      guard !state.isClosed else { return }
      state.isClosed = true
      guard let invocation else { return }
      invocation.output.write(state.block.replacing(with: [], below: "", columns: invocation.size().columns))
    }
  }
}
