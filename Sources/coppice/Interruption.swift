internal import HostSystem

/// Ends the one task of the program when the outside asks for it.
final class Interruption: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    var isRequested = false
    /// What ends the program instead of its own exit code.
    var verdict: ExitCode?
  }

  private let state = Locked(State())

  /// The task to cancel; at once if the request came first.
  func watch(_ task: Task<Void, Never>) {
    let isRequested = state.withLock { state in
      state.task = task
      return state.isRequested
    }
    if isRequested { task.cancel() }
  }

  /// - Returns: whether it was requested before.
  @discardableResult
  func request(_ verdict: ExitCode) -> Bool {
    let (task, wasRequested) = state.withLock { state in
      defer { state.isRequested = true }
      state.verdict = state.verdict ?? verdict
      return (state.task, state.isRequested)
    }
    task?.cancel()
    return wasRequested
  }

  /// The exit code, given what the command says itself.
  func outcome(of code: ExitCode) -> ExitCode { state.withLock { $0.verdict } ?? code }
}
