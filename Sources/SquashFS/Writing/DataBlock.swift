/// A data or fragment block on its way from the bytes of files to the image.
///
/// Unchecked, because it holds memory that changes. Proof: one side has it at a time. The writer fills it and hands it to
/// `OrderedWork`, a worker that got it from there changes it and gives it back, and only then the writer looks again;
/// the lock of the queue lies between.
final class DataBlock: @unchecked Sendable {
  static let size = 128 << 10

  enum Outcome { case compressed, raw, zeros, outOfMemory }

  /// What the block is a part of.
  enum Purpose {
    /// Number of the content, number in the list of all blocks.
    case file(Int, block: Int)
    case fragment(Int)
  }

  var purpose = Purpose.fragment(0)
  /// How many bytes of the memory count.
  var count = 0
  private(set) var outcome = Outcome.raw
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }
  var room: Int { Self.size - count }

  /// - Precondition: there is room for them.
  func append(_ bytes: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + bytes.count]).copyMemory(from: bytes)
    count += bytes.count
  }

  /// The size as lists of blocks say it.
  var storedSize: UInt32 {
    switch outcome {
    case .compressed: UInt32(count)
    case .raw: UInt32(count) | SquashfsFormat.rawBlock
    case .zeros, .outOfMemory: 0
    }
  }

  /// What a thread does with blocks: its output is exchanged for the block's memory, nothing is copied.
  static func worker(_ compression: SquashfsCompression) -> (DataBlock) -> DataBlock {
    let compressor = BlockCompressor(compression)
    let spare = DataBlock()
    return { block in
      if case .file = block.purpose, block.isZeros {
        (block.outcome, block.count) = (.zeros, 0)
        return block
      }
      switch compressor.compress(block.bytes, into: spare.memory) {
      case nil: (block.outcome, block.count) = (.outOfMemory, 0)
      case 0: block.outcome = .raw
      case let count?:
        swap(&block.memory, &spare.memory)
        (block.outcome, block.count) = (.compressed, count)
      }
      return block
    }
  }

  private var isZeros: Bool {
    // Full blocks alone are left out; the first word says nearly always that this one is not.
    guard count == Self.size else { return false }
    for word in memory.bindMemory(to: UInt64.self) where word != 0 { return false }
    return true
  }
}
