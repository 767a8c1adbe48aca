internal import Glibc

/// One thread that waits for all pipes and processes with poll(2).
///
/// Not libdispatch: its sources lose the end of a pipe and crash under load on Linux (swift-corelibs-libdispatch #949).
final class Reactor: Sendable {
  typealias Handler = @Sendable () -> Void

  private struct State {
    var handlers: [Int32: Handler] = [:]
    /// The next one first; most are made with the same delay, and so at the end.
    var timers: [(deadline: ContinuousClock.Instant, handler: Handler)] = []
    /// Nil before the first start.
    var wakeWriter: PipeEnd?
    var isStopped = false
    /// The thread waits, or is about to, for what it knows: of a change it must be told.
    var isWaiting = false
  }

  private let state = Locked(State())

  /// Starts the thread unless it runs.
  func start() throws(SystemFailure) {
    try state.withLock { state throws(SystemFailure) in
      guard state.wakeWriter == nil else { return }
      let (reader, writer) = try PipeEnd.pair()
      reader.setNonblocking()
      writer.setNonblocking()
      guard startThread({ self.loop(wakeReader: reader) }) else { throw SystemFailure(code: EAGAIN) }
      state.wakeWriter = writer
    }
  }

  /// Ends the thread; nothing may be under way.
  func stop() {
    change { $0.isStopped = true }
  }

  /// Calls `handler` on the reactor's thread whenever the file is readable or closed. Must not block.
  func add(_ number: Int32, _ handler: @escaping Handler) { add([(number, handler)]) }

  /// As `add` for each, at once.
  func add(_ handlers: [(number: Int32, handler: Handler)]) {
    change { state in
      for (number, handler) in handlers { state.handlers[number] = handler }
    }
  }

  /// To be called on the reactor's thread, before the file is closed.
  func forget(_ number: Int32) {
    let handler = state.withLock { $0.handlers.removeValue(forKey: number) }
    _ = handler  // released outside of the lock
  }

  func schedule(after delay: Duration, _ handler: @escaping Handler) {
    let deadline = ContinuousClock.now + delay
    change { state in
      let place = state.timers.lastIndex { $0.deadline <= deadline }.map { $0 + 1 } ?? 0
      state.timers.insert((deadline, handler), at: place)
    }
  }

  /// One byte wakes the thread; while it is awake it needs none, since it looks at everything before it waits again.
  private func change(_ body: (inout State) -> Void) {
    let writer = state.withLock { state -> PipeEnd? in
      body(&state)
      defer { state.isWaiting = false }
      return state.isWaiting ? state.wakeWriter : nil
    }
    guard let writer else { return }
    var byte: UInt8 = 1
    _ = write(writer.number, &byte, 1)
  }

  private func loop(wakeReader: PipeEnd) {
    var files: [pollfd] = []
    while true {
      files.removeAll(keepingCapacity: true)
      files.append(pollfd(fd: wakeReader.number, events: Int16(POLLIN), revents: 0))
      let next = state.withLock { state -> (isStopped: Bool, deadline: ContinuousClock.Instant?) in
        state.isWaiting = true
        for number in state.handlers.keys { files.append(pollfd(fd: number, events: Int16(POLLIN), revents: 0)) }
        return (state.isStopped, state.timers.first?.deadline)
      }
      if next.isStopped { return }
      let count = poll(&files, nfds_t(files.count), Self.milliseconds(until: next.deadline))
      state.withLock { $0.isWaiting = false }
      if count > 0 {
        if files[0].revents != 0 { Self.drain(wakeReader.number) }
        for file in files.dropFirst() where file.revents != 0 {
          // A stale event for a number that was closed and opened again is harmless: no handler blocks.
          state.withLock { $0.handlers[file.fd] }?()
        }
      }
      fireTimers()
    }
  }

  private func fireTimers() {
    let now = ContinuousClock.now
    let due = state.withLock { state in
      let due = Array(state.timers.prefix { $0.deadline <= now })
      state.timers.removeFirst(due.count)
      return due
    }
    for timer in due { timer.handler() }
  }

  /// -1, for ever, without a deadline.
  private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let (seconds, attoseconds) = (deadline - .now).components
    if seconds < 0 || attoseconds < 0 { return 0 }
    return Int32(min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
  }

  private static func drain(_ number: Int32) {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
      // What is short was all.
      while read(number, buffer.baseAddress, buffer.count) == buffer.count {}
    }
  }
}
