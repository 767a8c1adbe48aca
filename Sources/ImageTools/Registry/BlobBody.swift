import HostSystem
import ImageModel

/// Takes the bytes of a blob as answers bring them; an answer that begins again gives only what is new.
final class BlobBody: Sendable {
  private struct State: Sendable {
    /// Passed on.
    var received = 0
    /// Where the next byte of the present answer lies in the blob.
    var position = 0
    var fault: String?
  }

  private let pipe: BytePipe
  /// Of the descriptor.
  private let size: Int?
  private let state: Locked<State>

  /// - Parameter received: bytes that are there already, and are not asked for.
  init(_ pipe: BytePipe, size: Int?, received: Int = 0) {
    (self.pipe, self.size) = (pipe, size)
    state = Locked(State(received: received))
  }

  var received: Int { state.withLock { $0.received } }
  /// What is wrong with an answer that was not taken.
  var fault: String? { state.withLock { $0.fault } }
  var isComplete: Bool { size == received }

  /// - Returns: whether the answer's body is wanted.
  func begin(_ answer: HTTPResponse) -> Bool {
    state.withLock { state in
      if answer.status == 206 {
        // `bytes 100-199/200`
        let range = answer["content-range"]?.drop { !$0.isNumber }.prefix { $0.isNumber } ?? ""
        guard let start = Int(range), start <= state.received else {
          state.fault = "it sent another part of the blob than was asked for"
          return false
        }
        state.position = start
      } else {
        state.position = 0
      }
      return true
    }
  }

  /// - Returns: false when no more is wanted.
  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let old = state.withLock { state in
      let old = min(bytes.count, state.received - state.position)
      state.position += bytes.count
      state.received = max(state.received, state.position)
      if let size, state.received > size { state.fault = "it sent more than the \(size) bytes of the blob" }
      return state.fault == nil ? old : -1
    }
    if old < 0 { return false }
    return old == bytes.count || pipe.write(UnsafeRawBufferPointer(rebasing: bytes[old...]))
  }
}
