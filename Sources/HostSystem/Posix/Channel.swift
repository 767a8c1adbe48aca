internal import Glibc

/// Values that threads hand to each other, in order; who receives waits for one.
///
/// Unchecked, because the compiler cannot see that a mutex guards the state. Proof: `values` and `isClosed` are private
/// and touched only between lock and unlock of the one mutex, which like the condition is made before and destroyed after
/// every use; values are Sendable; both pointers are constants.
package final class Channel<Value: Sendable>: @unchecked Sendable {
  private var values: [Value] = []
  private var isClosed = false
  // Allocated: their addresses must not change.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    condition = .allocate(capacity: 1)
    condition.initialize(to: pthread_cond_t())
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// What is sent after `close` is dropped.
  package func send(_ value: Value) {
    pthread_mutex_lock(mutex)
    if !isClosed { values.append(value) }
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(condition)
  }

  /// The next value; nil when the channel is closed and all before were received.
  package func receive() -> Value? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while values.isEmpty {
      if isClosed { return nil }
      pthread_cond_wait(condition, mutex)
    }
    return values.removeFirst()
  }

  package func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_mutex_unlock(mutex)
    pthread_cond_broadcast(condition)
  }
}
