/// Runs programs of this machine; one thread serves all of them.
package final class PosixProcessRunner: ProcessRunner {
  private let reactor = Reactor()
  private let linger: Duration

  /// - Parameter linger: how long the pipes of a process that has ended may stay open and silent, because something
  ///   that it started holds them; after that its group is ended too.
  package init(linger: Duration = .seconds(5)) { self.linger = linger }

  deinit { reactor.stop() }

  package func run(_ command: ProcessCommand) async throws(ProcessError) -> ExitStatus {
    let process = RunningProcess(command, reactor: reactor, linger: linger)
    let result = await withTaskCancellationHandler {
      do throws(ProcessError) {
        try process.start()
        return Result<ExitStatus, ProcessError>.success(try await process.result())
      } catch {
        return .failure(error)
      }
    } onCancel: {
      process.cancel()
    }
    return try result.get()
  }
}
