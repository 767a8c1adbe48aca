internal import ImageModel

/// Finds the blocks in which a file of an ext file system lies: a tree of extents, or the older tree of single blocks.
struct ExtBlocks {
  /// Blocks that lie side by side.
  struct Run {
    var logical: Int
    var physical: Int
    var count: Int
  }

  private let system: ExtFileSystem
  /// Nodes that are still read: a damaged tree may be without end. Real ones have a few thousand.
  private var budget = 1 << 20

  init(_ system: ExtFileSystem) { self.system = system }

  private mutating func readNode(_ block: Int) throws -> Bytes {
    budget -= 1
    guard budget > 0 else { throw ExtFileSystem.fault("the list of a file's blocks has no end") }
    return Bytes(try system.read(block: block))
  }

  /// In the order of the file; holes are left out.
  func forEachRun(of inode: ExtInode, _ body: (Run) throws -> Void) throws {
    var blocks = self
    try blocks.read(inode, body)
  }

  private mutating func read(_ inode: ExtInode, _ body: (Run) throws -> Void) throws {
    if inode.hasExtents { return try walk(inode.blocks, depth: nil, body) }
    let wanted = (inode.size + system.blockSize - 1) / system.blockSize
    var logical = 0
    for index in 0..<12 where logical < wanted {
      try single(inode.blocks.u32(4 * index), &logical, body)
    }
    for level in 1...3 where logical < wanted {
      try indirect(inode.blocks.u32(4 * (11 + level)), level, &logical, wanted, body)
    }
  }

  private mutating func walk(_ node: Bytes, depth: Int?, _ body: (Run) throws -> Void) throws {
    let (magic, count, ownDepth) = try (node.u16(0), node.u16(2), node.u16(6))
    // Each level is one less deep than the one above it, so no walk is without end.
    guard magic == 0xF30A, depth.map({ ownDepth == $0 - 1 }) ?? (ownDepth <= 5) else {
      throw ExtFileSystem.fault("the blocks of a file are not listed as they should be")
    }
    for index in 0..<count {
      let entry = 12 + 12 * index
      if ownDepth == 0 {
        let length = try node.u16(entry + 4)
        // More means that they are reserved, and read as zeros.
        guard length <= 32768 else { continue }
        let physical = try node.u32(entry + 8) | node.u16(entry + 6) << 32
        try body(Run(logical: node.u32(entry), physical: physical, count: length))
      } else {
        let child = try node.u32(entry + 4) | node.u16(entry + 8) << 32
        try walk(try readNode(child), depth: ownDepth, body)
      }
    }
  }

  private func single(_ block: Int, _ logical: inout Int, _ body: (Run) throws -> Void) throws {
    if block != 0 { try body(Run(logical: logical, physical: block, count: 1)) }
    logical += 1
  }

  private mutating func indirect(
    _ block: Int, _ level: Int, _ logical: inout Int, _ wanted: Int, _ body: (Run) throws -> Void
  ) throws {
    let perBlock = system.blockSize / 4
    if block == 0 {
      logical += (0..<level).reduce(1) { product, _ in product * perBlock }
      return
    }
    let list = try readNode(block)
    for index in 0..<perBlock where logical < wanted {
      let child = try list.u32(4 * index)
      if level == 1 {
        try single(child, &logical, body)
      } else {
        try indirect(child, level - 1, &logical, wanted, body)
      }
    }
  }
}
