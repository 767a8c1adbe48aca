/// Lets only so many requests to one server run at a time; the others wait in line.
actor ServerQueue {
  private let limit: Int
  private var running: [String: Int] = [:]
  private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

  init(limit: Int) { self.limit = limit }

  /// A cancelled task waits in line as well, for those before it, which are cancelled too and end soon.
  nonisolated func run<Result: Sendable>(
    on server: String, _ work: @Sendable () async throws -> Result
  ) async throws -> Result {
    await enter(server)
    do {
      try Task.checkCancellation()
      let result = try await work()
      await leave(server)
      return result
    } catch {
      await leave(server)
      throw error
    }
  }

  private func enter(_ server: String) async {
    if running[server, default: 0] < limit {
      running[server, default: 0] += 1
    } else {
      await withCheckedContinuation { waiting[server, default: []].append($0) }
    }
  }

  /// The place goes to the first in line.
  private func leave(_ server: String) {
    if waiting[server]?.isEmpty ?? true {
      running[server, default: 1] -= 1
    } else {
      waiting[server]?.removeFirst().resume()
    }
  }
}
