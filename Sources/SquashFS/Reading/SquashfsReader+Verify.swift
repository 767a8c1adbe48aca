internal import ImageModel

extension SquashfsReader {
  package struct Contents: Sendable, Hashable {
    package var names = 0
    /// Of all files, each name counted.
    package var bytes = 0
  }

  /// Bytes of all values together: far more than there ever are, and soon read.
  private static let mostAttributes = 1 << 26

  /// Reads everything that the image holds, each block once.
  ///
  /// - Throws: `Failure` for the first thing that is damaged.
  package func verify() throws -> Contents {
    var result = Contents()
    var fragmentSizes: [Int] = []
    // Blocks that share bytes, as no writer makes them, would be work without end.
    var room = source.limit
    func read(_ block: SquashfsBlock) throws -> Int {
      room -= block.storedSize
      guard room >= 0 else { throw source.damaged("its blocks lie one over the other") }
      return try contents(of: block).count
    }
    for number in 0..<fragments.count { fragmentSizes.append(try read(try fragmentBlock(number))) }
    // Nor do lists of blocks share bytes.
    var lists = metadata.count(from: Int(superblock.inodeTable)) * SquashfsFormat.metadataSize / 4
    var (files, blocks, sets) = (Set<SquashfsInode.File>(), Set<SquashfsBlock>(), Set<UInt32>())
    var attributeRoom = Self.mostAttributes
    try forEachEntry { entry in
      result.names += 1
      if let set = entry.inode.attributeSet, sets.insert(set).inserted {
        attributeRoom -= try attributes(of: entry.inode).reduce(0) { $0 + $1.value.count + 1 }
        guard attributeRoom >= 0 else { throw source.damaged("its files have too many attributes") }
      }
      guard case .file(let file) = entry.inode.kind else { return }
      let (bytes, overflows) = result.bytes.addingReportingOverflow(file.size)
      guard !overflows else { throw source.damaged("its files have more bytes than there can be") }
      result.bytes = bytes
      // Not by its number: who damages an image may give two inodes one.
      guard files.insert(file).inserted else { return }
      let end = file.size % blockSize
      if let fragment = file.fragment, end > 0 {
        guard fragment.number < fragmentSizes.count, fragment.offset <= fragmentSizes[fragment.number] - end else {
          throw source.damaged("the end of a file lies in no fragment block")
        }
      }
      lists -= file.blockCount
      guard lists >= 0 else { throw source.damaged("its files have more blocks than it holds") }
      try forEachBlock(of: file) { block in
        // Files with the same content share their blocks.
        guard block.storedSize > 0, blocks.insert(block).inserted else { return }
        guard try read(block) == block.size else { throw source.damaged("a block has no right size") }
      }
    }
    return result
  }
}
