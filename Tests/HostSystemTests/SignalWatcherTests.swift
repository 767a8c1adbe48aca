import Glibc
import HostSystem
import Testing

struct SignalWatcherTests {
  @Test func aSignalReachesTheHandlerOutsideOfItsContext() async {
    await #expect(processExitsWith: .exitCode(42)) {
      _ = SignalWatcher(signals: [.interrupt, .terminate]) { signal in
        // A lock and memory: neither is allowed in a signal's own context.
        if Array(repeating: signal, count: 100).allSatisfy({ $0 == .terminate }) { exit(42) }
      }
      kill(getpid(), SIGTERM)
      try await Task.sleep(for: .seconds(20))
    }
  }

  @Test func eachSignalIsToldApart() async {
    await #expect(processExitsWith: .exitCode(6)) {
      let seen = Locked<[EndSignal]>([])
      _ = SignalWatcher(signals: EndSignal.allCases) { signal in
        seen.withLock { $0.append(signal) }
      }
      for signal in [SIGHUP, SIGINT, SIGTERM] {
        kill(getpid(), signal)
        try await Task.sleep(for: .milliseconds(50))
      }
      exit(seen.withLock { $0 } == [.hangUp, .interrupt, .terminate] ? 6 : 1)
    }
  }

  @Test func aHangUpThatNohupIgnoresStaysIgnored() async {
    await #expect(processExitsWith: .exitCode(7)) {
      signal(SIGHUP, SIG_IGN)
      _ = SignalWatcher(signals: EndSignal.allCases) { _ in exit(1) }
      kill(getpid(), SIGHUP)
      try await Task.sleep(for: .milliseconds(200))
      exit(7)
    }
  }
}
