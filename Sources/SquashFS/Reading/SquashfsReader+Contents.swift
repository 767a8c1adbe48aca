internal import ImageModel

/// A block of a file as an image holds it.
package struct SquashfsBlock: Hashable, Sendable {
  /// From the start of the image.
  package var offset: Int
  /// Bytes that the image holds of it; none for a block of zeros.
  package var storedSize: Int
  /// They are the block itself, not compressed.
  package var isRaw: Bool
  /// Bytes of the file.
  package var size: Int
}

extension SquashfsReader {
  /// Shows the blocks of a file in order; the rest of its bytes may lie in a fragment block.
  package func forEachBlock(of file: SquashfsInode.File, _ body: (SquashfsBlock) throws -> Void) throws {
    if file.blockCount == 0 { return }
    var cursor = try MetadataCursor(metadata, file.list)
    var (offset, rest) = (file.start, file.size)
    for _ in 0..<file.blockCount {
      let block = try block(at: offset, stored: try cursor.next(), size: min(rest, blockSize))
      try body(block)
      offset += block.storedSize
      rest -= block.size
    }
  }

  /// The fragment block of a number; its size is what it may have at most.
  package func fragmentBlock(_ number: Int) throws -> SquashfsBlock {
    var row = try fragments.row(number)
    guard let start = Int(exactly: row.next(UInt64.self)) else {
      throw source.damaged("something is said to lie behind its end")
    }
    let block = try block(at: start, stored: row.next(), size: blockSize)
    guard block.storedSize > 0 else { throw source.damaged("a fragment block is empty") }
    return block
  }

  /// Shows the bytes of a file in order.
  package func forEachPiece(of file: SquashfsInode.File, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try forEachBlock(of: file) { block in
      let bytes = try contents(of: block)
      guard bytes.count == block.size else { throw source.damaged("a block has \(bytes.count) of \(block.size) bytes") }
      try bytes.withUnsafeBytes(body)
    }
    guard let fragment = file.fragment, file.size % blockSize > 0 else { return }
    let bytes = try fragmentBytes(fragment.number)
    let count = file.size % blockSize
    guard fragment.offset <= bytes.count, count <= bytes.count - fragment.offset else {
      throw source.damaged("a fragment block has only \(bytes.count) bytes")
    }
    try bytes.withUnsafeBytes { all in
      try body(UnsafeRawBufferPointer(rebasing: all[fragment.offset..<fragment.offset + count]))
    }
  }

  /// The bytes of a block as the image holds them.
  package func storedBytes(of block: SquashfsBlock) throws -> [UInt8] {
    try source.bytes(at: block.offset, count: block.storedSize)
  }

  /// The bytes of a block; not more than it may have.
  func contents(of block: SquashfsBlock) throws -> [UInt8] {
    if block.storedSize == 0 { return [UInt8](repeating: 0, count: block.size) }
    let stored = try storedBytes(of: block)
    if block.isRaw { return stored }
    var output = [UInt8](repeating: 0, count: block.size)
    let count = stored.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { decompressor.decompress(input, into: $0) }
    }
    guard let count else { throw source.damaged("a block cannot be decompressed") }
    output.removeLast(output.count - count)
    return output
  }

  func fragmentBytes(_ number: Int) throws -> [UInt8] {
    if let fragmentCache, fragmentCache.number == number { return fragmentCache.bytes }
    let bytes = try contents(of: try fragmentBlock(number))
    fragmentCache = (number, bytes)
    return bytes
  }

  private func block(at offset: Int, stored: UInt32, size: Int) throws -> SquashfsBlock {
    let count = Int(stored & ~SquashfsFormat.rawBlock)
    let isRaw = stored & SquashfsFormat.rawBlock != 0
    guard count <= (isRaw ? size : blockSize), count == 0 || offset <= source.limit - count else {
      throw source.damaged("a block has no right size")
    }
    return SquashfsBlock(offset: offset, storedSize: count, isRaw: isRaw && count > 0, size: size)
  }
}
