import ImageModel

/// Something took longer than it may.
struct TimeIsOver: Error {
  var what: String
  var limit: Duration

  var failure: Failure {
    Failure("\(what) did not answer within \(limit.components.seconds) seconds", help: "see whether it hangs")
  }
}

/// Cancels `work` when it takes longer than `limit`; a cancelled command's process group is ended.
/// - Parameter what: names it in the message.
/// - Throws: `TimeIsOver`.
func withTimeLimit<Result: Sendable>(
  _ limit: Duration, what: String, clock: any Clock<Duration> = ContinuousClock(),
  _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask { try await work() }
    group.addTask {
      try await clock.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let result = first else {
      throw TimeIsOver(what: what, limit: limit)
    }
    return result
  }
}
