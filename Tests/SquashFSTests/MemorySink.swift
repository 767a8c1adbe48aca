import HostSystem
import ImageModel
import SquashFS

/// An image in memory; can refuse from some byte on.
final class MemorySink: SquashfsSink {
  struct Full: Error {}

  private(set) var bytes: [UInt8] = []
  private let limit: Int

  init(limit: Int = .max) { self.limit = limit }

  func append(_ piece: UnsafeRawBufferPointer, digest: Digest?) throws {
    if bytes.count + piece.count > limit { throw Full() }
    precondition(digest.map { $0 == .sha256(piece) } != false)
    bytes.append(contentsOf: piece)
  }

  func patch(_ piece: UnsafeRawBufferPointer, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + piece.count, with: piece)
  }

  func reader() throws -> SquashfsReader { try SquashfsReader(MemorySource(FileBytes(bytes)), name: "image") }
}
