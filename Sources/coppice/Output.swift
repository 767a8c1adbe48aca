internal import Glibc

/// A stream that text is written to at once, without a buffer that a kill would lose.
struct Output: Sendable {
  private let sink: @Sendable ([UInt8]) -> Void

  init(_ sink: @escaping @Sendable ([UInt8]) -> Void) { self.sink = sink }

  func write(_ text: String) {
    if !text.isEmpty { sink(Array(text.utf8)) }
  }

  /// - Parameter whenRefused: called with errno each time the other side has gone or has no space; the text is lost.
  static func descriptor(_ descriptor: Int32, whenRefused: @escaping @Sendable (Int32) -> Void) -> Output {
    Output { bytes in
      let refusal = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
      if refusal != 0 { whenRefused(refusal) }
    }
  }

  /// - Returns: 0 or errno.
  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Somebody else made the descriptor non-blocking: wait for room.
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wanted, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
