internal import ImageModel
internal import SIFFormat
internal import SquashFS

/// Lets a squashfs grow within a SIF.
final class PartitionSink: SquashfsSink {
  private let writer: SIFWriter

  init(_ writer: SIFWriter) { self.writer = writer }

  func append(_ bytes: UnsafeRawBufferPointer, digest: Digest?, isTaken: Bool) throws {
    try writer.write(bytes, digest: digest, otherwise: isTaken ? EarlierImageFault() : nil)
  }

  func append(_ pieces: [(count: Int, digest: Digest)], at offset: Int, of source: any SquashfsSource) throws {
    let count = pieces.reduce(0) { $0 + $1.count }
    guard let part = source as? FilePart, writer.hasWholeHead, offset >= 0, count <= part.size - offset else {
      return try appendRead(pieces, at: offset, of: source)
    }
    let start = part.range.lowerBound + offset
    try writer.write(start..<start + count, of: part.file, pieces: pieces, otherwise: EarlierImageFault())
  }

  func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) { writer.overwrite(Array(bytes), at: offset) }
}
