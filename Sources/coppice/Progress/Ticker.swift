internal import Glibc

/// Calls a closure again and again on a thread of its own: the tasks' threads may all be at work.
enum Ticker {
  private final class Body: Sendable {
    let microseconds: UInt32
    let tick: @Sendable () -> Bool

    init(microseconds: UInt32, tick: @escaping @Sendable () -> Bool) {
      self.microseconds = microseconds
      self.tick = tick
    }
  }

  /// - Parameter tick: returns whether it wants to be called again.
  static func start(every interval: Duration, _ tick: @escaping @Sendable () -> Bool) {
    let body = Body(microseconds: UInt32(interval.inSeconds * 1_000_000), tick: tick)
    let argument = Unmanaged.passRetained(body)
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        while body.tick() { usleep(body.microseconds) }
        return nil
      }, argument.toOpaque())
    // Without the thread the block is drawn at every event only.
    if failed != 0 { argument.release() } else { pthread_detach(thread) }
  }
}
