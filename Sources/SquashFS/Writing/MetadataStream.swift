internal import ImageModel

/// Records one behind the other, compressed in blocks of 8 KiB.
final class MetadataStream {
  private let compressor: BlockCompressor
  private var pending: [UInt8] = []
  private let compressed = UnsafeMutableRawBufferPointer.allocate(
    byteCount: SquashfsFormat.metadataSize, alignment: 64)
  /// The blocks, each behind its two bytes.
  private(set) var stored: [UInt8] = []
  /// Where each block begins in `stored`.
  private(set) var starts: [Int] = []
  /// Uncompressed bytes until now.
  private(set) var count = 0

  init(_ compressor: BlockCompressor) {
    self.compressor = compressor
    pending.reserveCapacity(SquashfsFormat.metadataSize)
  }

  deinit { compressed.deallocate() }

  /// What refers to the next record: the start of its block, and its place in there in the lower 16 bits.
  var reference: UInt64 { UInt64(stored.count) << 16 | UInt64(pending.count) }

  func append(_ record: [UInt8]) throws {
    var rest = record[...]
    while !rest.isEmpty {
      let piece = rest.prefix(SquashfsFormat.metadataSize - pending.count)
      pending.append(contentsOf: piece)
      rest = rest.dropFirst(piece.count)
      if pending.count == SquashfsFormat.metadataSize { try flush() }
    }
    count += record.count
  }

  /// Ends the last block.
  func finish() throws { if !pending.isEmpty { try flush() } }

  private func flush() throws {
    starts.append(stored.count)
    guard let count = pending.withUnsafeBytes({ compressor.compress($0, into: compressed) }) else {
      throw Failure("cannot compress: out of memory")
    }
    if count == 0 {
      stored.append(little: UInt16(pending.count) | SquashfsFormat.rawMetadata)
      stored.append(contentsOf: pending)
    } else {
      stored.append(little: UInt16(count))
      stored.append(contentsOf: compressed[..<count])
    }
    pending.removeAll(keepingCapacity: true)
  }
}
