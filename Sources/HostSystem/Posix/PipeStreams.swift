internal import Glibc

/// Waits until our end of a pipe can be used.
/// - Returns: false when `abort` was closed first.
private func wait(for end: PipeEnd, _ events: Int32, abort: PipeEnd) -> Bool {
  while true {
    var files = [
      pollfd(fd: end.number, events: Int16(events), revents: 0),
      pollfd(fd: abort.number, events: Int16(POLLIN), revents: 0),
    ]
    if poll(&files, 2, -1) < 0 { continue }
    if files[0].revents != 0 { return true }
    if files[1].revents != 0 { return false }
  }
}

/// What a process writes, read on a thread of its own.
final class PipeReader: ByteReader {
  private let end: PipeEnd
  private let abort: PipeEnd
  private let waiting: (Bool) -> Void
  private let isCancelled: () -> Bool
  private(set) var isAtEnd = false

  /// - Parameters:
  ///   - abort: its other end is closed to make `read` give up.
  ///   - waiting: called with true before and with false after a wait for the process.
  init(_ end: PipeEnd, abort: PipeEnd, waiting: @escaping (Bool) -> Void, isCancelled: @escaping () -> Bool) {
    self.end = end
    self.abort = abort
    self.waiting = waiting
    self.isCancelled = isCancelled
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while !isAtEnd && !buffer.isEmpty {
      let (count, code) = uninterrupted { Glibc.read(end.number, buffer.baseAddress, buffer.count) }
      if count > 0 { return count }
      if code == EAGAIN {
        waiting(true)
        defer { waiting(false) }
        if wait(for: end, POLLIN, abort: abort) { continue }
      }
      isAtEnd = true
    }
    // The end of what a killed process wrote must not pass for the end of the whole.
    if isAtEnd && isCancelled() { throw ProcessError.cancelled }
    return 0
  }

  /// Lets the process finish what it writes.
  func drain() {
    withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { buffer in
      while let count = try? read(into: buffer), count > 0 {}
    }
  }
}

/// What a process reads, written on a thread of its own.
final class PipeWriter: ByteWriter {
  /// The process has closed its input or ended.
  struct Closed: Error, CustomStringConvertible {
    var description: String { "the program stopped reading its input" }
  }

  private let end: PipeEnd
  private let abort: PipeEnd

  init(_ end: PipeEnd, abort: PipeEnd) {
    self.end = end
    self.abort = abort
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let (count, code) = uninterrupted { Glibc.write(end.number, piece.baseAddress, piece.count) }
      if code == 0 {
        rest = rest.dropFirst(count)
      } else if code != EAGAIN || !wait(for: end, POLLOUT, abort: abort) {
        throw Closed()
      }
    }
  }
}
