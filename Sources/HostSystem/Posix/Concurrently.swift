internal import Glibc
internal import Synchronization

/// Calls `body` once with each number below `count`, on several threads at once, the caller's among them; returns when
/// all calls have.
package func concurrently(_ count: Int, threads: Int = coreCount, _ body: @escaping @Sendable (Int) -> Void) {
  let next = Shared()
  let work: @Sendable () -> Void = {
    while true {
      let index = next.value.add(1, ordering: .relaxed).oldValue
      if index >= count { return }
      body(index)
    }
  }
  // Where there is no room for another thread the others do its share.
  let others = (1..<max(1, min(threads, count))).compactMap { _ in makeThread(work) }
  work()
  for thread in others { pthread_join(thread, nil) }
}

/// Threads for work that may wait for a disk: where files are not in memory, more than processors pay, and where they
/// are, they cost little.
package var readingThreadCount: Int { max(coreCount, 16) }

/// How many processors this process may use.
package var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

private final class Shared: Sendable {
  let value = Atomic<Int>(0)
}
