import HostSystem

/// A blob while a registry sends it; who lets go of it ends the transfer.
final class BlobReader: ByteReader {
  private let pipe: BytePipe
  private let transfer: Task<Void, Never>
  private var piece: [UInt8] = []
  private var start = 0

  /// - Parameter fetch: writes the blob to the pipe.
  init(_ pipe: BytePipe, _ fetch: @escaping @Sendable () async throws -> Void) {
    self.pipe = pipe
    transfer = Task {
      do {
        try await fetch()
        pipe.finish(.success(()))
      } catch {
        pipe.finish(.failure(error))
      }
    }
  }

  deinit {
    pipe.abandon()
    transfer.cancel()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if start == piece.count {
      guard let next = try pipe.read() else { return 0 }
      (piece, start) = (next, 0)
    }
    let count = min(buffer.count, piece.count - start)
    piece.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    start += count
    return count
  }
}
