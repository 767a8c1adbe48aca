internal import CSys
internal import Glibc
internal import Synchronization

/// An open file of a pipe or a process; closed once, at the latest when it goes.
final class PipeEnd: Sendable {
  private let descriptor: Atomic<Int32>

  init(owning number: Int32) { descriptor = Atomic(number) }

  deinit { close() }

  /// -1 after `close`.
  var number: Int32 { descriptor.load(ordering: .acquiring) }

  func close() {
    let number = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    if number >= 0 { _ = Glibc.close(number) }
  }

  /// Our end never blocks; the end that the child gets is another open file and does.
  func setNonblocking() { _ = fcntl(number, F_SETFL, O_NONBLOCK) }

  /// A pipe, closed on exec.
  static func pair() throws(SystemFailure) -> (reader: PipeEnd, writer: PipeEnd) {
    var numbers: [Int32] = [-1, -1]
    guard cs_pipe_cloexec(&numbers) == 0 else { throw SystemFailure(code: errno) }
    return (try PipeEnd(aboveStandard: numbers[0]), try PipeEnd(aboveStandard: numbers[1]))
  }

  /// When we were started with a closed standard stream, its number must not be a pipe's: the child's would collide.
  private convenience init(aboveStandard number: Int32) throws(SystemFailure) {
    guard number <= 2 else {
      self.init(owning: number)
      return
    }
    let other = fcntl(number, F_DUPFD_CLOEXEC, 3)
    let code = errno
    _ = Glibc.close(number)
    guard other >= 0 else { throw SystemFailure(code: code) }
    self.init(owning: other)
  }
}

/// A system call failed for want of descriptors, threads or memory.
struct SystemFailure: Error {
  var code: Int32
  var text: String { systemText(code) }
}
