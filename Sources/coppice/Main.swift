internal import Glibc
internal import HostSystem
internal import ImageModel

@main
enum Main {
  /// Not `async`: the main thread would be parked by the runtime, which costs 5 ms in a static executable.
  static func main() {
    // A closed pipe is an error of write(2), not the end: running steps are to be stopped in order.
    signal(SIGPIPE, SIG_IGN)
    let interruption = Interruption()
    let surroundings = Surroundings(interruption: interruption)
    let words = Array(CommandLine.arguments.dropFirst())
    let invocation: Invocation
    do throws(InvalidInput) {
      invocation = surroundings.invocation(of: try CommandLineRequest(words))
    } catch {
      surroundings.show(error)
      exit(ExitCode.invalid.rawValue)
    }
    trapSignals(interruption)
    let task = Task.detached {
      let code = await run(invocation)
      exit(interruption.outcome(of: code).rawValue)
    }
    interruption.watch(task)
    while true { pause() }
  }

  /// The first signal stops the running steps and ends in order; the second ends at once.
  private static func trapSignals(_ interruption: Interruption) {
    // `nohup` ignores SIGHUP for us; a shell that ignores SIGINT for its background jobs is not meant for us.
    var old = sigaction()
    let ignoresHangUp = sigaction(SIGHUP, nil, &old) == 0 && unsafeBitCast(old.__sigaction_handler, to: Int.self) == 1
    let signals = EndSignal.allCases.filter { $0 != .hangUp || !ignoresHangUp }
    _ = SignalWatcher(signals: signals) { _ in
      if interruption.request(.interrupted) { _exit(ExitCode.interrupted.rawValue) }
    }
  }
}
