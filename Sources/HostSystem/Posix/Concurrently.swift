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
  var others: [pthread_t] = []
  for _ in 1..<max(1, min(threads, count)) {
    let argument = Unmanaged.passRetained(Work(body: work))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, argument.toOpaque())
    // No room for another thread: the others do its share.
    if code == 0 { others.append(thread) } else { argument.release() }
  }
  work()
  for thread in others { pthread_join(thread, nil) }
}

/// How many processors this process may use.
package var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

private final class Shared: Sendable {
  let value = Atomic<Int>(0)
}

private final class Work {
  let body: @Sendable () -> Void

  init(body: @escaping @Sendable () -> Void) { self.body = body }
}
