internal import Glibc

/// A value that one thread at a time sees.
///
/// `Synchronization.Mutex` would do too, but ThreadSanitizer does not see its futex and reports races.
///
/// Unchecked, because the compiler cannot see that a mutex guards `value`. Proof: `value` is private and read or written
/// only in `withLock`, between lock and unlock of the one mutex, which is made before and destroyed after every use; it
/// is Sendable itself, so what a caller copies out shares no mutable state with it; `mutex` is a constant.
package final class Locked<Value: Sendable>: @unchecked Sendable {
  private var value: Value
  // Allocated: the address of a mutex must not change.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  package init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Not to be called from within `body`: the mutex is not recursive.
  package func withLock<Result, Failure>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
