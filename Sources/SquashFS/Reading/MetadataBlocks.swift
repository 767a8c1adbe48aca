internal import ImageModel

/// The metadata blocks of an image, each decompressed when it is asked for.
final class MetadataBlocks {
  struct Block {
    let bytes: [UInt8]
    /// Where the next one begins.
    let end: Int
  }

  let source: CheckedSource
  private let decompressor: BlockDecompressor
  private var recent: [Int: Block] = [:]
  private static let recentLimit = 64

  init(_ source: CheckedSource, _ decompressor: BlockDecompressor) {
    self.source = source
    self.decompressor = decompressor
  }

  /// The block at an offset of the image.
  func block(at offset: Int) throws -> Block {
    if let block = recent[offset] { return block }
    let (count, isRaw) = try header(at: offset)
    var bytes = try source.bytes(at: offset + 2, count: count)
    if !isRaw {
      var output = [UInt8](repeating: 0, count: SquashfsFormat.metadataSize)
      let size = bytes.withUnsafeBytes { input in
        output.withUnsafeMutableBytes { decompressor.decompress(input, into: $0) }
      }
      guard let size else { throw source.damaged("a metadata block cannot be decompressed") }
      output.removeLast(output.count - size)
      bytes = output
    }
    guard !bytes.isEmpty else { throw source.damaged("a metadata block is empty") }
    let block = Block(bytes: bytes, end: offset + 2 + count)
    if recent.count >= Self.recentLimit { recent = [:] }
    recent[offset] = block
    return block
  }

  /// How many blocks lie one behind the other from there, without looking into them.
  func count(from offset: Int) -> Int {
    var (count, position) = (0, offset)
    while let header = try? header(at: position), position + 2 + header.count <= source.limit {
      count += 1
      position += 2 + header.count
    }
    return count
  }

  private func header(at offset: Int) throws -> (count: Int, isRaw: Bool) {
    var field = LittleEndianBytes(try source.bytes(at: offset, count: 2)[...])
    let header = field.next(UInt16.self)
    let count = Int(header & ~SquashfsFormat.rawMetadata)
    guard 1...SquashfsFormat.metadataSize ~= count else { throw source.damaged("a metadata block has no right size") }
    return (count, header & SquashfsFormat.rawMetadata != 0)
  }
}

/// The start of a metadata block in the image, and a place in it.
struct MetadataPlace: Hashable {
  let block: Int
  let offset: Int
}

/// A reader of records that lie in metadata blocks one behind the other.
struct MetadataCursor {
  private let blocks: MetadataBlocks
  private var block: MetadataBlocks.Block
  private var start: Int
  private var offset: Int

  /// - Parameters:
  ///   - table: where the table begins in the image.
  ///   - reference: the start of a block from there, and a place in it in the lower 16 bits.
  init(_ blocks: MetadataBlocks, table: UInt64, reference: UInt64) throws {
    let (start, overflows) = table.addingReportingOverflow(reference >> 16)
    guard !overflows, let start = Int(exactly: start) else {
      throw blocks.source.damaged("something is said to lie behind its end")
    }
    try self.init(blocks, MetadataPlace(block: start, offset: Int(reference & 0xffff)))
  }

  init(_ blocks: MetadataBlocks, _ place: MetadataPlace) throws {
    self.blocks = blocks
    block = try blocks.block(at: place.block)
    (start, offset) = (place.block, place.offset)
    guard offset <= block.bytes.count else { throw blocks.source.damaged("a reference leads out of its block") }
  }

  /// From which another cursor can go on.
  var place: MetadataPlace { MetadataPlace(block: start, offset: offset) }

  mutating func bytes(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      if offset == block.bytes.count {
        start = block.end
        block = try blocks.block(at: start)
        offset = 0
      }
      let piece = block.bytes[offset...].prefix(count - bytes.count)
      bytes.append(contentsOf: piece)
      offset += piece.count
    }
    return bytes
  }

  mutating func next<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
    let size = MemoryLayout<Number>.size
    if block.bytes.count - offset >= size {
      var fields = LittleEndianBytes(block.bytes[offset..<offset + size])
      offset += size
      return fields.next()
    }
    var fields = LittleEndianBytes(try bytes(size)[...])
    return fields.next()
  }
}

/// Rows of one size in metadata blocks, which a list of their places leads to.
struct LookupTable {
  private let blocks: MetadataBlocks
  private let list: UInt64
  let count: Int
  private let rowSize: Int

  init(_ blocks: MetadataBlocks, list: UInt64, count: Int, rowSize: Int) {
    self.blocks = blocks
    self.list = list
    self.count = count
    self.rowSize = rowSize
  }

  func row(_ index: Int) throws -> LittleEndianBytes {
    guard 0..<count ~= index, let list = Int(exactly: list), list < blocks.source.limit else {
      throw blocks.source.damaged("a table has no row \(index)")
    }
    let (block, offset) = (index * rowSize).quotientAndRemainder(dividingBy: SquashfsFormat.metadataSize)
    var place = LittleEndianBytes(try blocks.source.bytes(at: list + block * 8, count: 8)[...])
    guard let start = Int(exactly: place.next(UInt64.self)) else {
      throw blocks.source.damaged("something is said to lie behind its end")
    }
    let bytes = try blocks.block(at: start).bytes
    guard offset + rowSize <= bytes.count else { throw blocks.source.damaged("a table has no row \(index)") }
    return LittleEndianBytes(bytes[offset..<offset + rowSize])
  }
}
