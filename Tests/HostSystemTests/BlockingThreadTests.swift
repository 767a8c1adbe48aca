import Glibc
import HostSystem
import Testing

struct BlockingThreadTests {
  @Test func asManyCallsAsWantedBlockAtOnce() async throws {
    let count = 64
    let arrived = Locked(0)
    let met = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<count {
        group.addTask {
          try await onBlockingThread {
            arrived.withLock { $0 += 1 }
            // Each waits for all others, which fewer threads would never let happen.
            for _ in 0..<3000 where arrived.withLock({ $0 }) < count { usleep(10_000) }
            return arrived.withLock { $0 } == count
          }
        }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(met == count)
  }

  @Test func resultsAndErrorsComeBack() async throws {
    #expect(try await onBlockingThread { 6 * 7 } == 42)
    await #expect(throws: CancellationError.self) { try await onBlockingThread { throw CancellationError() } }
  }

  @Test func manyThreadsMayCountUnderOneLock() async throws {
    let count = Locked(0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { try await onBlockingThread { for _ in 0..<10_000 { count.withLock { $0 += 1 } } } }
      }
      try await group.waitForAll()
    }
    #expect(count.withLock { $0 } == 80_000)
  }
}
