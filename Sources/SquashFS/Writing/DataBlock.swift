internal import ImageModel

/// A data or fragment block on its way from the bytes of files to the image.
///
/// Unchecked, because it holds memory that changes. Proof: one side has it at a time. The writer fills it and hands it to
/// `OrderedWork`, a worker that got it from there changes it and gives it back, and only then the writer looks again;
/// the lock of the queue lies between.
final class DataBlock: @unchecked Sendable {
  static let size = 128 << 10

  enum Outcome {
    case compressed, raw, zeros, outOfMemory
    /// An earlier image does not have what the block is made of any more.
    case lost
  }

  /// What the block is a part of.
  enum Purpose {
    /// Number of the content, number in the list of all blocks.
    case file(Int, block: Int)
    case fragment(Int)
  }

  /// Where its bytes come from.
  enum Origin {
    case memory
    /// The memory, when these were filled.
    case gaps([Gap])
    /// They are stored so in an earlier image, and never come to the memory.
    case earlier(EarlierBlock)
  }

  /// Bytes of the memory that an earlier image's fragment block has.
  struct Gap {
    let from: EarlierBlock
    /// In the decompressed block.
    let offset: Int
    let place: Range<Int>
  }

  var purpose = Purpose.fragment(0)
  var origin = Origin.memory
  /// How many bytes of the memory count.
  var count = 0
  private(set) var outcome = Outcome.raw
  /// Of the bytes as they are stored.
  private(set) var digest = BlockMap.ofNothing
  private(set) var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }
  var room: Int { Self.size - count }

  /// - Precondition: there is room for them.
  func append(_ bytes: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + bytes.count]).copyMemory(from: bytes)
    count += bytes.count
  }

  /// Makes it empty, to be used again.
  func reset() { (count, origin) = (0, .memory) }

  /// How it is stored, at a place of the image.
  func stored(at offset: Int) -> BlockMap.Block {
    if case .earlier(let earlier) = origin {
      return BlockMap.Block(offset: offset, size: earlier.block.size, digest: earlier.block.digest)
    }
    let size =
      switch outcome {
      case .compressed: UInt32(count)
      case .raw: UInt32(count) | SquashfsFormat.rawBlock
      case .zeros, .outOfMemory, .lost: 0 as UInt32
      }
    return BlockMap.Block(offset: offset, size: size, digest: digest)
  }

  // MARK: what a worker does with it

  func exchange(with other: DataBlock, count: Int) {
    swap(&memory, &other.memory)
    self.count = count
  }

  func set(_ outcome: Outcome) {
    self.outcome = outcome
    switch outcome {
    case .compressed, .raw:
      var hasher = SHA256Hasher()
      hasher.update(bytes)
      digest = hasher.finish()
    case .zeros, .outOfMemory, .lost: (count, digest) = (0, BlockMap.ofNothing)
    }
  }

  var isZeros: Bool {
    // Full blocks alone are left out; the first word says nearly always that this one is not.
    guard count == Self.size else { return false }
    for word in memory.bindMemory(to: UInt64.self) where word != 0 { return false }
    return true
  }
}
