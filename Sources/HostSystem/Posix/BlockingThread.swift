internal import Glibc

/// Runs work that blocks (hashing, locks, C libraries) on a thread of its own.
///
/// The pool of the language has as many threads as the machine has cores and does not grow: two blocking calls would
/// stop everything else. A thread costs about 30 µs. The work is not interrupted when the task is cancelled.
package func onBlockingThread<Result: Sendable>(
  _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    let body: @Sendable () -> Void = { continuation.resume(with: Swift.Result(catching: work)) }
    // No room for another thread: better slow than failed.
    if !startThread(body) { body() }
  }
}

/// Starts a detached thread that no signal interrupts; a write to a closed pipe gives EPIPE there.
/// - Returns: false when the system refuses another thread.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  guard let thread = makeThread(body) else { return false }
  pthread_detach(thread)
  return true
}

/// As `startThread`; the thread is to be joined. Nil when the system refuses another one.
func makeThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
  let work = Unmanaged.passRetained(ThreadWork(body))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { argument in
      var all = sigset_t()
      sigfillset(&all)
      pthread_sigmask(SIG_BLOCK, &all, nil)
      if let argument { Unmanaged<ThreadWork>.fromOpaque(argument).takeRetainedValue().body() }
      return nil
    }, work.toOpaque())
  guard code == 0 else {
    work.release()
    return nil
  }
  return thread
}

private final class ThreadWork {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
