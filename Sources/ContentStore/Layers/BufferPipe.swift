internal import Dispatch
internal import HostSystem

/// A few buffers that one thread fills and another one empties, used again and again.
final class BufferPipe: BufferSource, Sendable {
  private struct State: Sendable {
    var empty: [[UInt8]]
    var full: [(bytes: [UInt8], count: Int)] = []
    /// How it ended, once the writer has.
    var end: Result<Void, any Error>?
    var isAbandoned = false
  }

  private let size: Int
  private let state: Locked<State>
  // Both begin with 0: Dispatch does not let go of one below its first value.
  private let emptied = DispatchSemaphore(value: 0)
  private let filled = DispatchSemaphore(value: 0)

  init(count: Int, size: Int) {
    self.size = size
    state = Locked(State(empty: Array(repeating: [], count: count)))
    for _ in 0..<count { emptied.signal() }
  }

  /// Writes all that a reader gives, and how it ended.
  /// - Parameter finish: runs behind the last byte, before the other side sees the end.
  func fill(from open: () throws -> (reader: any ByteReader, finish: () throws -> Void)) {
    let result = Result {
      let (reader, finish) = try open()
      while var buffer = nextEmpty() {
        let count = try Self.fill(&buffer, from: reader)
        if count == 0 {
          try finish()
          return
        }
        state.withLock { $0.full.append((buffer, count)) }
        filled.signal()
      }
    }
    state.withLock { $0.end = result }
    filled.signal()
  }

  /// Nil when nobody reads any more.
  private func nextEmpty() -> [UInt8]? {
    emptied.wait()
    guard let buffer = state.withLock({ $0.isAbandoned ? nil : $0.empty.popLast() }) else { return nil }
    // Made when it is needed: most layers are small.
    return buffer.isEmpty ? [UInt8](repeating: 0, count: size) : buffer
  }

  /// Small pieces would cost more in waking than in copying.
  private static func fill(_ buffer: inout [UInt8], from reader: any ByteReader) throws -> Int {
    try buffer.withUnsafeMutableBytes { bytes in
      var count = 0
      repeat {
        let read = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
        if read == 0 { break }
        count += read
      } while count < bytes.count / 4
      return count
    }
  }

  func exchange(_ buffer: inout [UInt8]) throws -> Int {
    if !buffer.isEmpty {
      // Swapped: with a second reference to it the writer would have to copy it.
      state.withLock { state in
        state.empty.append([])
        swap(&state.empty[state.empty.count - 1], &buffer)
      }
      emptied.signal()
    }
    filled.wait()
    let (next, end) = state.withLock { state in
      (state.full.isEmpty ? nil : state.full.removeFirst(), state.end)
    }
    if let next {
      buffer = next.bytes
      return next.count
    }
    // The next call ends the same way.
    filled.signal()
    try end?.get()
    return 0
  }

  /// Nobody reads any more.
  func abandon() {
    state.withLock { $0.isAbandoned = true }
    emptied.signal()
  }
}
