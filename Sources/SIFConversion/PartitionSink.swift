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

  func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) { writer.overwrite(Array(bytes), at: offset) }
}
