internal import ImageModel

/// What one thread does with blocks, one after the other.
final class BlockWorker {
  private let compressor: BlockCompressor
  private let decompressor: BlockDecompressor?
  /// Exchanged for the memory of a block that is compressed: nothing is copied.
  private let spare = DataBlock()
  /// The fragment block that was looked into last: neighbours come from one.
  private lazy var fragment = DataBlock()
  private var fragmentDigest: Digest?

  init(_ compression: SquashfsCompression) {
    compressor = BlockCompressor(compression)
    decompressor = BlockDecompressor(number: compression.number)
  }

  func work(_ block: DataBlock) {
    switch block.origin {
    case .memory: compress(block)
    // It stays where it is until it is its turn to be written.
    case .earlier: break
    case .gaps(let gaps):
      for gap in gaps where !fill(gap, of: block) { return block.set(.lost) }
      compress(block)
    }
  }

  private func compress(_ block: DataBlock) {
    if case .file = block.purpose, block.isZeros { return block.set(.zeros) }
    switch compressor.compress(block.bytes, into: spare.memory) {
    case nil: block.set(.outOfMemory)
    case 0: block.set(.raw)
    case let count?:
      block.exchange(with: spare, count: count)
      block.set(.compressed)
    }
  }

  /// - Returns: false when the earlier block is not there any more.
  private func fill(_ gap: DataBlock.Gap, of block: DataBlock) -> Bool {
    let earlier = gap.from.block
    if fragmentDigest != earlier.digest {
      fragmentDigest = nil
      guard gap.from.read(into: spare.memory) else { return false }
      let stored = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(spare.memory)[..<earlier.storedCount])
      guard gap.from.isIntact(stored) else { return false }
      if earlier.isRaw {
        fragment.memory.copyMemory(from: stored)
        fragment.count = stored.count
      } else {
        guard let count = decompressor?.decompress(stored, into: fragment.memory) else { return false }
        fragment.count = count
      }
      fragmentDigest = earlier.digest
    }
    guard gap.offset + gap.place.count <= fragment.count else { return false }
    let bytes = fragment.bytes[gap.offset..<gap.offset + gap.place.count]
    UnsafeMutableRawBufferPointer(rebasing: block.memory[gap.place]).copyBytes(from: bytes)
    return true
  }
}
