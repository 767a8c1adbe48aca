internal import CSys
internal import Glibc

/// One process group from its start until its leader is reaped and its pipes are closed.
///
/// The leader is reaped last: until then its number, which is the group's, cannot become somebody else's, so every
/// signal meets the right group.
final class RunningProcess: Sendable {
  private struct State {
    /// Nil before the start and after the end.
    var group: pid_t?
    var leaderHasExited = false
    var openStreams = 0
    /// Consumers that work on what they read, rather than wait for more.
    var busyConsumers = 0
    var lastActivity = ContinuousClock.now
    /// The group was told to end, for whatever reason.
    var isEnding = false
    var isCancelled = false
    /// The first error of a consumer or producer, and whether it came after the end of the output.
    var failure: (error: any Error, isAfterEnd: Bool)?
    var status: ExitStatus?
    var waiter: CheckedContinuation<Void, Never>?
    /// Our ends that the reactor reads.
    var handled: [PipeEnd] = []
    var process: PipeEnd?
    /// Closing the writer makes the threads give up that wait for a pipe.
    var abort: (reader: PipeEnd, writer: PipeEnd)?
  }

  private let command: ProcessCommand
  private let reactor: Reactor
  private let linger: Duration
  private let state = Locked(State())

  init(_ command: ProcessCommand, reactor: Reactor, linger: Duration) {
    self.command = command
    self.reactor = reactor
    self.linger = linger
  }

  func start() throws(ProcessError) {
    let streams: ProcessStreams
    do {
      try reactor.start()
      streams = try ProcessStreams(command)
    } catch {
      throw .notStarted(command.arguments.first ?? "", reason: error.text)
    }
    // Under the lock: a cancellation comes before, and nothing starts, or after, and there is a group to end.
    let process = try state.withLock { state throws(ProcessError) -> PipeEnd in
      if state.isCancelled { throw .cancelled }
      let pid = try streams.spawn(command).start()
      let number = cs_pidfd_open(pid)
      guard number >= 0 else {
        let code = errno
        kill(-pid, SIGKILL)
        _ = uninterrupted { waitpid(pid, nil, 0) }
        throw .notStarted(command.arguments.first ?? "", reason: systemText(code))
      }
      let process = PipeEnd(owning: number)
      state.group = pid
      state.process = process
      state.abort = streams.abort
      state.openStreams = streams.count
      return process
    }
    streams.closeChildEnds()
    let exit: Reactor.Handler = { self.leaderExited(process) }
    reactor.add(serve(streams) + [(process.number, exit)])
  }

  /// - Throws: `cancelled`, or what a consumer or producer threw.
  func result() async throws(ProcessError) -> ExitStatus {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.group != nil { state.waiter = continuation }
        return state.group == nil
      }
      if isOver { continuation.resume() }
    }
    let (isCancelled, failure, status) = state.withLock { ($0.isCancelled, $0.failure, $0.status) }
    if isCancelled { throw .cancelled }
    let ended = status ?? .signaled(SIGKILL)
    // A reader that chokes on the output of a process that failed is not the cause.
    if let failure, !failure.isAfterEnd || ended.isSuccess { throw .stream(failure.error) }
    return ended
  }

  func cancel() {
    state.withLock { $0.isCancelled = true }
    end()
  }

  // MARK: streams

  /// Starts the threads.
  /// - Returns: what the reactor is to serve.
  private func serve(_ streams: ProcessStreams) -> [(number: Int32, handler: Reactor.Handler)] {
    var handlers: [(number: Int32, handler: Reactor.Handler)] = []
    for (end, output) in streams.outputs {
      switch output {
      case .handler(let handler): handlers.append((end.number, handling(end, handler)))
      case .consumer(let consumer): serve(end, abort: streams.abort?.reader, consumer)
      case .discarded: break
      }
    }
    guard let end = streams.input, let abort = streams.abort?.reader else { return handlers }
    let input = command.input
    onThread(end) {
      switch input {
      case .null: break
      case .bytes(let bytes): try bytes.withUnsafeBytes { try PipeWriter(end, abort: abort).write($0) }
      case .producer(let produce): try produce(PipeWriter(end, abort: abort))
      }
    }
    return handlers
  }

  private func handling(
    _ end: PipeEnd, _ handler: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) -> Reactor.Handler {
    state.withLock { $0.handled.append(end) }
    return {
      guard !self.pass(end, handler) else { return self.state.withLock { $0.lastActivity = .now } }
      self.close(end)
    }
  }

  /// - Returns: false at the end of the output.
  private func pass(_ end: PipeEnd, _ handler: (UnsafeRawBufferPointer) -> Void) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { buffer in
      // At most 1 MiB at once, so that one process does not starve the others.
      for _ in 0..<16 {
        let (count, code) = uninterrupted { read(end.number, buffer.baseAddress, buffer.count) }
        if code == EAGAIN { return true }
        if count <= 0 { return false }
        handler(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
      return true
    }
  }

  private func serve(_ end: PipeEnd, abort: PipeEnd?, _ consume: @escaping @Sendable (any ByteReader) throws -> Void) {
    guard let abort else { return }
    state.withLock { $0.busyConsumers += 1 }
    onThread(end) {
      defer { self.state.withLock { $0.busyConsumers -= 1 } }
      let reader = PipeReader(end, abort: abort) { isWaiting in
        self.state.withLock { state in
          state.busyConsumers += isWaiting ? -1 : 1
          state.lastActivity = .now
        }
      } isCancelled: {
        self.state.withLock { $0.isCancelled }
      }
      do {
        try consume(reader)
        reader.drain()
      } catch {
        self.fail(error, isAfterEnd: reader.isAtEnd)
      }
    }
  }

  private func onThread(_ end: PipeEnd, _ body: @escaping @Sendable () throws -> Void) {
    let isStarted = startThread {
      do {
        try body()
      } catch is PipeWriter.Closed {
        // The exit status says whether it should have read more.
      } catch {
        self.fail(error, isAfterEnd: false)
      }
      end.close()
      self.streamEnded()
    }
    if isStarted { return }
    fail(SystemFailure(code: EAGAIN), isAfterEnd: false)
    end.close()
    streamEnded()
  }

  private func fail(_ error: any Error, isAfterEnd: Bool) {
    state.withLock { state in
      if state.failure == nil { state.failure = (error, isAfterEnd) }
    }
    if !isAfterEnd { end() }
  }

  /// On the reactor's thread.
  private func close(_ end: PipeEnd) {
    reactor.forget(end.number)
    state.withLock { $0.handled.removeAll { $0 === end } }
    end.close()
    streamEnded()
  }

  // MARK: the end

  private func streamEnded() {
    state.withLock { $0.openStreams -= 1 }
    finishIfOver()
  }

  private func leaderExited(_ process: PipeEnd) {
    reactor.forget(process.number)
    state.withLock { state in
      state.leaderHasExited = true
      state.lastActivity = .now
    }
    finishIfOver()
    lingerOn()
  }

  private func finishIfOver() {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard let group = state.group, let process = state.process, state.leaderHasExited, state.openStreams == 0 else {
        return nil
      }
      if state.isEnding { kill(-group, SIGKILL) }
      var (isExit, code): (Int32, Int32) = (0, 0)
      if cs_reap_pidfd(process.number, 1, &isExit, &code, nil) == 0 {
        state.status = isExit != 0 ? .exited(code) : .signaled(code)
      }
      process.close()
      state.abort?.reader.close()
      state.abort?.writer.close()
      state.group = nil
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// The leader is gone, but what it started may hold the pipes open for ever.
  private func lingerOn() {
    let rest = state.withLock { state -> Duration? in
      guard state.group != nil, !state.isEnding else { return nil }
      if state.busyConsumers > 0 { return linger }
      return max(.zero, linger - (.now - state.lastActivity))
    }
    guard let rest else { return }
    if rest == .zero { return end() }
    reactor.schedule(after: rest) { self.lingerOn() }
  }

  /// Asks the group to end, then makes it, then stops listening to those that have left the group.
  private func end() {
    let isFirst = state.withLock { state in
      guard let group = state.group, !state.isEnding else { return false }
      state.isEnding = true
      kill(-group, SIGTERM)
      kill(-group, SIGCONT)  // a stopped process would not see it
      return true
    }
    guard isFirst else { return }
    reactor.schedule(after: command.grace) {
      self.state.withLock { if let group = $0.group { kill(-group, SIGKILL) } }
      self.reactor.schedule(after: .seconds(1)) { self.abandonStreams() }
    }
  }

  private func abandonStreams() {
    let handled = state.withLock { state in
      state.abort?.writer.close()
      return state.handled
    }
    for end in handled { close(end) }
  }
}
