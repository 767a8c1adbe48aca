internal import ImageModel

/// A name in a directory of an image.
package struct SquashfsEntry {
  /// From the root, without a slash before it; empty for the root.
  package var path: [UInt8]
  package var inode: SquashfsInode
}

extension SquashfsReader {
  /// Longer paths are refused: no system opens them.
  private static let longestPath = 1 << 16

  /// Shows the root and every name below it, a directory before what it holds, in the order of the names.
  ///
  /// - Throws: `Failure` when something is damaged: also when a directory is reached twice.
  package func forEachEntry(_ body: (SquashfsEntry) throws -> Void) throws {
    let root = try root
    guard case .directory(let listing) = root.kind else { throw source.damaged("its root is no directory") }
    try body(SquashfsEntry(path: [], inode: root))
    var seen: Set<UInt32> = [root.number]
    // Listings share no bytes, so that all together are no larger than their table.
    var room = metadata.count(from: Int(superblock.directoryTable)) * SquashfsFormat.metadataSize
    var open = [(path: [UInt8](), rest: try entries(in: listing, room: &room)[...])]
    while let (directory, rest) = open.last {
      guard let entry = rest.first else {
        open.removeLast()
        continue
      }
      open[open.count - 1].rest = rest.dropFirst()
      let path = directory.isEmpty ? entry.name : directory + [UInt8(ascii: "/")] + entry.name
      guard path.count <= Self.longestPath else { throw source.damaged("a path has over \(Self.longestPath) bytes") }
      let inode = try inode(entry.reference)
      try body(SquashfsEntry(path: path, inode: inode))
      guard case .directory(let listing) = inode.kind else { continue }
      guard seen.insert(inode.number).inserted else { throw source.damaged("a directory is reached twice") }
      open.append((path, try entries(in: listing, room: &room)[...]))
    }
  }

  private func entries(
    in listing: SquashfsInode.Listing, room: inout Int
  ) throws -> [(name: [UInt8], reference: UInt64)] {
    if listing.size == 0 { return [] }
    room -= listing.size
    guard room >= 0 else { throw source.damaged("its directories have more entries than it holds") }
    var cursor = try MetadataCursor(metadata, table: superblock.directoryTable, reference: listing.reference)
    var entries: [(name: [UInt8], reference: UInt64)] = []
    var rest = listing.size
    while rest > 0 {
      let count = Int(try cursor.next(UInt32.self)) + 1
      let block = UInt64(try cursor.next(UInt32.self))
      _ = try cursor.next(UInt32.self)
      rest -= 12
      guard count <= SquashfsFormat.longestRun else {
        throw source.damaged("a directory has too long a run of entries")
      }
      for _ in 0..<count {
        let offset: UInt16 = try cursor.next()
        _ = try cursor.next(UInt16.self)
        _ = try cursor.next(UInt16.self)
        let length = Int(try cursor.next(UInt16.self)) + 1
        rest -= 8 + length
        guard rest >= 0, length <= SquashfsFormat.longestName else { throw source.damaged("a name is too long") }
        let name = try cursor.bytes(length)
        guard !name.contains(0), !name.contains(UInt8(ascii: "/")), name != Array(".".utf8), name != Array("..".utf8),
          entries.last.map({ $0.name.lexicographicallyPrecedes(name) }) ?? true
        else { throw source.damaged("the names of a directory are not in order") }
        entries.append((name, block << 16 | UInt64(offset)))
      }
    }
    return entries
  }
}
