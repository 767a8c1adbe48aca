import HostSystem
import ImageModel
import SquashFS

/// An image in memory; can refuse from some byte on.
final class MemorySink: SquashfsSink {
  struct Full: Error {}

  private(set) var bytes: [UInt8] = []
  private let limit: Int

  init(limit: Int = .max) { self.limit = limit }

  func append(_ piece: UnsafeRawBufferPointer, digest: Digest?, isTaken: Bool) throws {
    if bytes.count + piece.count > limit { throw Full() }
    if let digest, digest != .sha256(piece) {
      precondition(isTaken)
      throw EarlierImageFault()
    }
    bytes.append(contentsOf: piece)
  }

  func patch(_ piece: UnsafeRawBufferPointer, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + piece.count, with: piece)
  }

  func reader() throws -> SquashfsReader { try SquashfsReader(MemorySource(FileBytes(bytes)), name: "image") }
}
