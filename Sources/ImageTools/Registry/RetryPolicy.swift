/// How often a request is made, and how long to wait in between.
struct RetryPolicy: Sendable {
  /// For a server that answers.
  var attempts = 4
  /// For one that nobody reaches: a network that is down stays down.
  var connections = 2
  /// Doubled after each attempt.
  var firstPause: Duration = .milliseconds(500)
  /// More than this a server may not make us wait at a time.
  var patience: Duration = .seconds(30)

  private static let transient: Set<Int> = [408, 425, 429, 500, 502, 503, 504, 522]

  /// Nil when the answer counts: it is final, or there is no more patience.
  /// - Parameter attempt: how many requests have been made, this one included.
  func pause(after attempt: Int, _ answer: HTTPResponse) -> Duration? {
    guard attempt < attempts, Self.transient.contains(answer.status) else { return nil }
    guard let asked = answer.retryAfter else { return pause(after: attempt) }
    return asked <= patience ? asked : nil
  }

  /// Nil when the error counts.
  func pause(after attempt: Int, _ error: TransferError) -> Duration? {
    switch error.kind {
    case .interrupted: attempt < attempts ? pause(after: attempt) : nil
    case .unreachable: attempt < connections ? pause(after: attempt) : nil
    // A server that has used up all of its time would do so again; the others would say the same again.
    case .tooSlow, .notTLS, .certificate, .tooLarge, .other: nil
    }
  }

  private func pause(after attempt: Int) -> Duration { firstPause * (1 << (attempt - 1)) }
}

/// Makes requests again where a server or the network may only have stumbled.
struct RetryingTransfer: Sendable {
  let perform: @Sendable (HTTPRequest) async throws -> HTTPResponse
  var policy = RetryPolicy()
  let clock: any Clock<Duration>
  /// Told each time that a server makes us wait.
  var note: @Sendable (String) -> Void = { _ in }

  /// - Throws: `TransferError`, `CancellationError`.
  func answer(to request: HTTPRequest) async throws -> HTTPResponse {
    var attempt = 1
    while true {
      try Task.checkCancellation()
      let pause: Duration
      do {
        let answer = try await perform(request)
        guard request.isRepeatable, let wait = policy.pause(after: attempt, answer) else { return answer }
        if answer.retryAfter != nil, wait > .zero {
          note("\(request.server) asks to wait \(wait.components.seconds) seconds (HTTP \(answer.status))")
        }
        pause = wait
      } catch let error as TransferError {
        guard request.isRepeatable, !request.hasGiven, let wait = policy.pause(after: attempt, error) else {
          throw error
        }
        pause = wait
      }
      try await clock.sleep(for: pause)
      attempt += 1
    }
  }
}
