/// Asks once for each key, however many want to know, at the same time or later.
actor SharedAnswers<Key: Hashable & Sendable, Answer: Sendable> {
  private var tasks: [Key: Task<Answer, any Error>] = [:]

  /// A refusal is an answer, too. Who is cancelled ends the question for all: they are parts of one run.
  func answer(for key: Key, asking ask: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
    let task = tasks[key] ?? Task { try await ask() }
    tasks[key] = task
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
