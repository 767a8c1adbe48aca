/// Bytes from one thread to another, with room for a few of them: who is too fast waits.
package final class BytePipe: Sendable {
  private struct State: Sendable {
    var pieces: [[UInt8]] = []
    var count = 0
    /// How it ended, once the writer has.
    var end: Result<Void, any Error>?
    var isAbandoned = false
  }

  private let limit: Int
  private let state = Monitor(State())

  /// - Parameter limit: of bytes that nobody has read yet; a piece may go beyond it.
  package init(limit: Int) { self.limit = limit }

  /// - Returns: false when nobody reads any more.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let piece = [UInt8](bytes)
    let isOpen: Bool = state.wait { state in
      state.isAbandoned ? false : state.count < limit ? true : nil
    }
    guard isOpen, !piece.isEmpty else { return isOpen }
    state.change { state in
      state.pieces.append(piece)
      state.count += piece.count
    }
    return true
  }

  package func finish(_ end: Result<Void, any Error>) {
    state.change { $0.end = $0.end ?? end }
  }

  /// The next piece; nil at the end.
  /// - Throws: what `finish` was given.
  package func read() throws -> [UInt8]? {
    let end: Result<Void, any Error>? = state.wait { state in
      state.pieces.isEmpty ? state.end.map(Optional.some) : .some(nil)
    }
    if let end {
      try end.get()
      return nil
    }
    return state.change { state in
      let piece = state.pieces.removeFirst()
      state.count -= piece.count
      return piece
    }
  }

  /// Nobody reads any more.
  package func abandon() { state.change { $0.isAbandoned = true } }
}
