internal import ImageModel

/// Merges the layers of an image, the top one first, entry by entry, into one tree.
///
/// A hard link names what its path had at that moment: an earlier entry of its layer, or else what the layers below had,
/// which is found when they are read. Its attributes are those of its target, whatever it says itself. An upper layer's
/// whiteout does not hide what a link has kept.
struct RootMerge {
  private struct Inode {
    /// Without its path.
    var entry: TarEntry
    var content: ContentID?
    /// Of a hard link: the inode that it turned out to be.
    var target: Int32 = -1
    /// Whether something that is seen leads to it.
    var isNeeded = false
    /// Which entry of its layer it is.
    var ordinal: Int
  }

  private struct Link {
    var inode: Int
    var target: EntryPath
    var layer: String
    var entry: TarEntry
  }

  /// What is wrong with an entry; who reads it knows its name.
  struct Fault: Error {
    var message: String
    var help = "no file system can hold it; make the layer again"
  }

  enum Placement {
    /// There is no content that anyone wants.
    case noFile
    case file(inode: Int, isHidden: Bool)
  }

  private let limits: RootLimits
  private var merged = MergedTree()
  private var inodes: [Inode] = []
  /// Their targets lie in layers that were not read yet.
  private var openLinks: [Link] = []

  // Of the layer that is being read.
  private var name = ""
  private var layer = LayerTree()
  private var firstInode = 0
  private var entries = 0
  private var attributeBytes = 0
  private var newLinks: [Link] = []
  private var brokenLinks: [(link: Link, reason: String)] = []

  init(limits: RootLimits) { self.limits = limits }

  mutating func beginLayer(_ name: String) {
    self.name = name
    layer = LayerTree()
    (firstInode, entries, attributeBytes) = (inodes.count, 0, 0)
    (newLinks, brokenLinks) = ([], [])
  }

  // MARK: entries

  /// - Throws: `Fault`, or `Failure` when a limit is passed.
  mutating func add(_ entry: TarEntry) throws -> Placement {
    defer { entries += 1 }
    let path = try Self.path(entry.path, of: "it")
    if path.count > 0 {
      let isMarker = try path.withName(path.count - 1) { name in
        guard let marker = Marker(name) else { return false }
        switch marker {
        case .other: return false
        case .opaque: break
        case .whiteout(let name):
          if name.count == 0 || name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) {
            throw Fault(message: "it is a whiteout without a name")
          }
        }
        layer.add(marker, in: path)
        return true
      }
      if isMarker {
        try checkLimits()
        return .noFile
      }
    }
    try Self.check(entry)
    let inode = entry.kind == .hardLink ? try link(entry) : append(entry)
    do throws(LayerTree.Fault) {
      try layer.add(path, isDirectory: entry.kind == .directory, inode: inode)
    } catch {
      throw Fault(message: "it is the root, but not a directory")
    }
    attributeBytes += entry.attributes.reduce(entry.link.count) { $0 + $1.key.count + $1.value.count }
    try checkLimits()
    return entry.kind == .file ? .file(inode: inode, isHidden: merged.hides(path)) : .noFile
  }

  /// Whether a file that the layer has there would not be seen.
  func hides(_ path: [UInt8]) -> Bool { (try? EntryPath(path)).map(merged.hides) == true }

  private static func path(_ bytes: [UInt8], of what: String) throws -> EntryPath {
    do throws(EntryPath.Fault) {
      return try EntryPath(bytes)
    } catch {
      switch error {
      case .leavesTheRoot: throw Fault(message: "\(what) would lie outside of the root (`..`)")
      case .nameTooLong: throw Fault(message: "\(what) has a name of more than 255 bytes")
      }
    }
  }

  private static func check(_ entry: TarEntry) throws(Fault) {
    func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Fault) {
      if !condition { throw Fault(message: message()) }
    }
    let ids = 0..<Int(UInt32.max)
    try require(ids.contains(entry.uid), "it belongs to user \(entry.uid)")
    try require(ids.contains(entry.gid), "it belongs to group \(entry.gid)")
    switch entry.kind {
    case .symbolicLink:
      try require(!entry.link.isEmpty, "it is a symbolic link without a target")
      try require(entry.link.count < 4096, "it is a symbolic link to \(entry.link.count) bytes")
    case .characterDevice, .blockDevice:
      try require(
        entry.deviceMajor < 1 << 12 && entry.deviceMinor < 1 << 20,
        "it is the device \(entry.deviceMajor),\(entry.deviceMinor)")
    case .other: throw Fault(message: "it is of a type that layers do not have")
    case .file, .hardLink, .directory, .fifo: break
    }
  }

  private func checkLimits() throws(Failure) {
    guard max(entries + 1, layer.names.count, inodes.count) <= limits.entries else {
      throw Failure("\(name): there are more than \(limits.entries) files", help: "no image with more is read")
    }
    guard layer.names.nameBytes + attributeBytes <= limits.names else {
      throw Failure("\(name) has more than \(limits.names) bytes of names", help: "no layer with more is read")
    }
  }

  private mutating func append(_ entry: TarEntry) -> Int {
    var entry = entry
    entry.path = []
    inodes.append(Inode(entry: entry, ordinal: entries))
    return inodes.count - 1
  }

  // MARK: hard links

  /// The inode that a hard link leads to, or a new one that stands for it.
  private mutating func link(_ entry: TarEntry) throws -> Int {
    let target = try Self.path(entry.link, of: "the target of its link")
    let found = layer.target(target)
    if case .inode(let inode) = found { return inode }
    let link = Link(inode: append(entry), target: target, layer: name, entry: entry)
    if case .lower = found, !target.holdsMarker {
      newLinks.append(link)
    } else {
      brokenLinks.append((link, Self.reason(found)))
    }
    return link.inode
  }

  private static func reason(_ target: LayerTree.Target) -> String {
    if case .directory = target { return "is a directory" }
    return "does not exist"
  }

  private func failure(_ link: Link, _ reason: String) -> Failure {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix(300), as: UTF8.self).printable }
    return Failure(
      "\(link.layer), entry `\(text(link.entry.path))`: the target of its hard link, `\(text(link.entry.link))`, \(reason)",
      help: "no file system can hold it; make the layer again")
  }

  /// Looks for the targets of upper layers' links in this one.
  private mutating func resolveLinks() throws(Failure) {
    var open: [Link] = []
    for link in openLinks {
      let found = layer.target(link.target)
      switch found {
      case .lower: open.append(link)
      case .inode(let inode):
        inodes[link.inode].target = Int32(inode)
        if inodes[link.inode].isNeeded { need(inode) }
      case .directory, .nothing:
        if inodes[link.inode].isNeeded { throw failure(link, Self.reason(found)) }
      }
    }
    openLinks = open
  }

  /// What an inode turned out to be.
  private func resolved(_ inode: Int) -> Int {
    // Targets have higher numbers: this ends.
    var inode = inode
    while inodes[inode].target >= 0 { inode = Int(inodes[inode].target) }
    return inode
  }

  private mutating func need(_ inode: Int) {
    var inode = inode
    inodes[inode].isNeeded = true
    while inodes[inode].target >= 0 {
      inode = Int(inodes[inode].target)
      inodes[inode].isNeeded = true
    }
  }

  // MARK: layers

  mutating func setContent(_ content: ContentID, of inode: Int) { inodes[inode].content = content }

  /// - Returns: files that are hidden but needed, by the number of their entry, in its order.
  mutating func endLayer() throws(Failure) -> [(ordinal: Int, inode: Int)] {
    var seen: [Int] = []
    merged.merge(layer) { seen.append($0) }
    for inode in seen { need(inode) }
    try resolveLinks()
    for (link, reason) in brokenLinks where inodes[link.inode].isNeeded { throw failure(link, reason) }
    openLinks += newLinks
    return (firstInode..<inodes.count).compactMap { number in
      let inode = inodes[number]
      return inode.isNeeded && inode.content == nil && inode.entry.kind == .file ? (inode.ordinal, number) : nil
    }
  }

  /// The tree, after the last layer.
  func tree() throws(Failure) -> RootTree {
    for link in openLinks where inodes[link.inode].isNeeded { throw failure(link, "does not exist") }
    var numbers = [Int](repeating: -1, count: inodes.count)
    return merged.tree(
      directory: { inode, tree in tree.add(inode.map(self.inode) ?? Self.impliedDirectory) },
      leaf: { inode, tree in
        let inode = resolved(inode)
        if numbers[inode] < 0 { numbers[inode] = tree.add(self.inode(inode)) }
        return numbers[inode]
      })
  }

  private static let impliedDirectory = RootTree.Inode(
    kind: .directory, mode: 0o755, uid: 0, gid: 0, modified: 0, attributes: [:])

  private func inode(_ number: Int) -> RootTree.Inode {
    let entry = inodes[number].entry
    let kind: RootTree.Inode.Kind =
      switch entry.kind {
      case .directory: .directory
      case .symbolicLink: .symbolicLink(target: entry.link)
      case .characterDevice: .characterDevice(major: entry.deviceMajor, minor: entry.deviceMinor)
      case .blockDevice: .blockDevice(major: entry.deviceMajor, minor: entry.deviceMinor)
      case .fifo: .fifo
      // What is left are files: links are resolved, and there is nothing else.
      case .file, .hardLink, .other: .file(inodes[number].content ?? ContentID(-1), size: entry.size)
      }
    // Linux has no other mode for a symbolic link, whatever an archive says.
    return RootTree.Inode(
      kind: kind, mode: entry.kind == .symbolicLink ? 0o777 : entry.mode, uid: entry.uid, gid: entry.gid,
      modified: entry.modified,
      attributes: entry.attributes)
  }
}
