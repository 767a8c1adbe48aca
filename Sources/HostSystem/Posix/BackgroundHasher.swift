package import ImageModel

/// SHA-256 over a stream of bytes, on a thread of its own.
///
/// For one thread that gives the bytes.
package final class BackgroundHasher {
  /// Bytes that wait for their turn, or what all before them hash to.
  ///
  /// Unchecked, because it holds memory that changes. Proof: one side has it at a time, and the lock of `OrderedWork`
  /// lies between.
  private final class Piece: @unchecked Sendable {
    static let size = 1 << 20

    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
    var count = 0
    var digest: Digest?

    deinit { memory.deallocate() }
  }

  private static let inFlightLimit = 6

  private let work = OrderedWork<Piece>(threads: 1) {
    var hasher = SHA256Hasher()
    return { piece in
      hasher.update(UnsafeRawBufferPointer(rebasing: piece.memory[..<piece.count]))
      piece.digest = piece.count < Piece.size ? hasher.finish() : nil
      return piece
    }
  }
  private var piece = Piece()
  private var recycled: [Piece] = []

  package init() {}

  package func update(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(Piece.size - piece.count))
      UnsafeMutableRawBufferPointer(rebasing: piece.memory[piece.count...]).copyMemory(from: taken)
      piece.count += taken.count
      rest = UnsafeRawBufferPointer(rebasing: rest[taken.count...])
      if piece.count == Piece.size { submit() }
    }
  }

  private func submit() {
    work.submit(piece)
    while let done = work.next(waiting: work.inFlight > Self.inFlightLimit) { recycled.append(done) }
    piece = recycled.popLast() ?? Piece()
    piece.count = 0
  }

  /// Of all that was given.
  package func finish() -> Digest {
    work.submit(piece)
    var last: Digest?
    while let done = work.next(waiting: true) { last = done.digest }
    piece = Piece()
    return last ?? SHA256Hasher().finish()
  }
}
