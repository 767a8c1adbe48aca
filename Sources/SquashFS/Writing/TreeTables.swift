internal import ImageModel

/// The inodes and directories of a tree, as the image holds them.
///
/// The inodes of one directory's entries lie side by side in the order of their names, so that most of a listing shares
/// one header; those of inner directories come first, since an inode says where the listing lies.
final class TreeTables {
  let inodes: MetadataStream
  let directories: MetadataStream
  let attributes: AttributeTable
  private(set) var owners = OwnerTable()
  /// Where each inode lies, by its number, from 1.
  private(set) var references: [UInt64]
  /// Files whose time the format cannot hold.
  private(set) var clampedTimes = 0
  /// Names of attributes that the format cannot hold, and of how many files.
  private(set) var droppedAttributes: [[UInt8]: Int] = [:]

  private let tree: SquashfsTree
  private let files: StoredContents
  private let entries: SortedEntries
  /// By node; 0 for those that no directory holds.
  private var numbers: [UInt32]
  private var parents: [Int]
  private var linkCounts: [UInt32]
  /// Reference, size and index of each directory's listing, until its inode is written.
  private var listings: [Int: DirectoryListing] = [:]
  private var record: [UInt8] = []

  init(of tree: SquashfsTree, files: StoredContents, compressor: BlockCompressor) throws {
    self.tree = tree
    self.files = files
    inodes = MetadataStream(compressor)
    directories = MetadataStream(compressor)
    attributes = AttributeTable(compressor)
    entries = try SortedEntries(of: tree)
    numbers = [UInt32](repeating: 0, count: tree.nodes.count)
    parents = [Int](repeating: 0, count: tree.nodes.count)
    linkCounts = [UInt32](repeating: 0, count: tree.nodes.count)
    references = []
    let innermostFirst = entries.directoriesInnermostFirst(of: tree)
    references = [UInt64](repeating: SquashfsFormat.none64, count: countNodes(innermostFirst))
    for directory in innermostFirst { try write(directory) }
    try writeInode(0)
    try inodes.finish()
    try directories.finish()
  }

  var rootReference: UInt64 { references[Int(numbers[0]) - 1] }

  /// Gives inodes their numbers, in the order in which they will be written.
  private func countNodes(_ directories: [Int]) -> Int {
    var count: UInt32 = 0
    for directory in directories {
      linkCounts[directory] += 2
      for entry in entries[directory] {
        let node = tree.entries[entry].node
        if case .directory = tree.nodes[node].kind {
          parents[node] = directory
          linkCounts[directory] += 1
        } else {
          linkCounts[node] += 1
        }
        if numbers[node] == 0 {
          count += 1
          numbers[node] = count
        }
      }
    }
    numbers[0] = count + 1
    return Int(count) + 1
  }

  /// The inodes of a directory's entries, then its listing.
  private func write(_ directory: Int) throws {
    for entry in entries[directory] {
      let node = tree.entries[entry].node
      if references[Int(numbers[node]) - 1] == SquashfsFormat.none64 { try writeInode(node) }
    }
    var listing = DirectoryListing(in: directories)
    for entry in entries[directory] {
      let (node, name) = (tree.entries[entry].node, tree.entries[entry].name)
      try listing.append(
        tree.names[name], tree.nodes[node].kind.inodeType, inode: references[Int(numbers[node]) - 1],
        number: numbers[node])
    }
    try listing.finish()
    guard listing.count < UInt32.max - 3 else { throw Failure("a directory has more entries than squashfs can hold") }
    listings[directory] = listing
  }

  private func writeInode(_ node: Int) throws {
    references[Int(numbers[node]) - 1] = inodes.reference
    let attributes = try attributeSet(of: node)
    record.removeAll(keepingCapacity: true)
    switch tree.nodes[node].kind {
    case .directory: try appendDirectory(node, attributes)
    case .file(let content): try appendFile(node, files.contents[content.index], attributes)
    case .symbolicLink(let target):
      try appendHeader(node, isExtended: attributes != nil)
      record.append(little: linkCounts[node])
      record.append(little: UInt32(target.count))
      record.append(contentsOf: target)
    case .blockDevice(let major, let minor), .characterDevice(let major, let minor):
      try appendHeader(node, isExtended: attributes != nil)
      record.append(little: linkCounts[node])
      // As the kernel packs them, with the minor number around the major one.
      record.append(little: minor & 0xff | major << 8 | (minor & ~0xff) << 12)
    case .fifo, .socket:
      try appendHeader(node, isExtended: attributes != nil)
      record.append(little: linkCounts[node])
    }
    switch tree.nodes[node].kind {
    case .directory, .file: break
    default: if let attributes { record.append(little: attributes) }
    }
    try inodes.append(record)
  }

  private func appendHeader(_ node: Int, isExtended: Bool) throws {
    let inode = tree.nodes[node]
    record.append(little: inode.kind.inodeType.rawValue + (isExtended ? SquashfsFormat.InodeType.extended : 0))
    record.append(little: inode.mode)
    record.append(little: try owners.number(of: inode.uid))
    record.append(little: try owners.number(of: inode.gid))
    let time = UInt32(clamping: inode.modified)
    if Int(time) != inode.modified { clampedTimes += 1 }
    record.append(little: time)
    record.append(little: numbers[node])
  }

  private func appendFile(_ node: Int, _ file: StoredContent, _ attributes: UInt32?) throws {
    let sizes = files.blockSizes[file.blocks]
    let zeros = sizes.count { $0 == 0 } * DataBlock.size
    let isExtended =
      attributes != nil || linkCounts[node] > 1 || zeros > 0 || file.size > UInt32.max || file.start > UInt32.max
    try appendHeader(node, isExtended: isExtended)
    if isExtended {
      for number in [file.start, file.size, zeros] { record.append(little: UInt64(number)) }
      for number in [linkCounts[node], file.fragment, file.fragmentOffset, attributes ?? SquashfsFormat.none32] {
        record.append(little: number)
      }
    } else {
      for number in [UInt32(file.start), file.fragment, file.fragmentOffset, UInt32(file.size)] {
        record.append(little: number)
      }
    }
    for size in sizes { record.append(little: size) }
  }

  private func appendDirectory(_ node: Int, _ attributes: UInt32?) throws {
    guard let listing = listings.removeValue(forKey: node) else { return }
    // Readers count three bytes for the entries that every directory has.
    let size = listing.count + 3
    let (block, offset) = (UInt32(truncatingIfNeeded: listing.reference >> 16), UInt16(listing.reference & 0xffff))
    let parent = node == 0 ? numbers[0] + 1 : numbers[parents[node]]
    let isExtended = attributes != nil || size > UInt16.max || !listing.index.isEmpty
    try appendHeader(node, isExtended: isExtended)
    guard isExtended else {
      record.append(little: block)
      record.append(little: linkCounts[node])
      record.append(little: UInt16(size))
      record.append(little: offset)
      record.append(little: parent)
      return
    }
    for number in [linkCounts[node], UInt32(size), block, parent] { record.append(little: number) }
    record.append(little: UInt16(listing.index.count))
    record.append(little: offset)
    record.append(little: attributes ?? SquashfsFormat.none32)
    for entry in listing.index {
      for number in [entry.offset, entry.block, UInt32(entry.name.count - 1)] { record.append(little: number) }
      record.append(contentsOf: entry.name)
    }
  }

  private func attributeSet(of node: Int) throws -> UInt32? {
    guard let number = tree.nodes[node].attributeSet else { return nil }
    let added = try attributes.add(tree.attributeSets[number], number: number)
    for name in added.dropped { droppedAttributes[name, default: 0] += 1 }
    return added.number
  }
}

extension SquashfsTree.Kind {
  var inodeType: SquashfsFormat.InodeType {
    switch self {
    case .directory: .directory
    case .file: .file
    case .symbolicLink: .symbolicLink
    case .blockDevice: .blockDevice
    case .characterDevice: .characterDevice
    case .fifo: .fifo
    case .socket: .socket
    }
  }
}
