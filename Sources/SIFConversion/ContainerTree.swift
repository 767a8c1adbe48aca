internal import ContentStore
internal import ImageModel
internal import SIFFormat
internal import SquashFS

/// The root of an image while it becomes the root of a container.
struct ContainerTree {
  private var inodes: [RootTree.Inode]
  /// Nil where something was taken away.
  private var entries: [RootTree.Entry?]
  /// Of what is added.
  private let time: Int

  init(_ root: RootTree, time: Int) {
    (inodes, entries, self.time) = (root.inodes, root.entries, time)
  }

  /// Number of the entry. A handful of paths is asked for: a table would cost more than to look through all names.
  private func find(_ name: some Collection<UInt8>, in directory: Int) -> Int? {
    entries.firstIndex { $0?.parent == directory && $0?.name.elementsEqual(name) == true }
  }

  /// Number of the inode at a path without links.
  private func inode(at path: FilePath) -> Int? {
    var inode = 0
    for name in path.components {
      guard let entry = find(name, in: inode).flatMap({ entries[$0] }) else { return nil }
      inode = entry.inode
    }
    return inode
  }

  // MARK: changes

  /// - Throws: what the sink throws.
  mutating func apply(_ change: RootChange, _ sink: ContentSink) throws {
    switch change {
    case .makeDirectory(let path): put(.directory, mode: 0o755, at: path)
    case .link(let path, let target): put(.symbolicLink(target: target.bytes), mode: 0o777, at: path)
    case .write(let path, let mode, let bytes):
      let kind = RootTree.Inode.Kind.file(try sink.add(bytes), size: bytes.count)
      if let known = inode(at: path), case .file = inodes[known].kind {
        inodes[known].kind = kind
        inodes[known].mode = Int(mode)
        inodes[known].modified = time
      } else {
        put(kind, mode: Int(mode), at: path)
      }
    case .move(let path, let new):
      guard let parent = inode(at: path.parent), let old = find(path.name.bytes, in: parent), let entry = entries[old],
        let directory = inode(at: new.parent)
      else { return }
      entries[old] = nil
      entries.append(RootTree.Entry(parent: directory, name: new.name.bytes, inode: entry.inode))
    }
  }

  private mutating func put(_ kind: RootTree.Inode.Kind, mode: Int, at path: FilePath) {
    guard let parent = inode(at: path.parent) else { return }
    if let old = find(path.name.bytes, in: parent) { remove(old) }
    inodes.append(RootTree.Inode(kind: kind, mode: mode, modified: time))
    entries.append(RootTree.Entry(parent: parent, name: path.name.bytes, inode: inodes.count - 1))
  }

  /// With all below it.
  private mutating func remove(_ entry: Int) {
    guard let removed = entries[entry] else { return }
    entries[entry] = nil
    guard case .directory = inodes[removed.inode].kind else { return }
    for index in entries.indices where entries[index]?.parent == removed.inode { remove(index) }
  }

  // MARK: result

  /// - Parameter latest: no time is later; nil for any.
  func squashfs(_ sink: ContentSink, latest: Int?) throws -> SquashfsTree {
    func attributes(_ inode: RootTree.Inode) throws -> SquashfsTree.Attributes {
      guard let uid = UInt32(exactly: inode.uid), let gid = UInt32(exactly: inode.gid) else {
        throw Failure("an owner has a number that no file system takes: \(inode.uid):\(inode.gid)")
      }
      return SquashfsTree.Attributes(
        mode: UInt16(truncatingIfNeeded: inode.mode & 0o7777), uid: uid, gid: gid,
        modified: min(inode.modified, latest ?? .max),
        extended: inode.attributes.map { ExtendedAttribute(name: $0.key, value: $0.value) })
    }
    var tree = SquashfsTree(root: try attributes(inodes[0]))
    var numbers = [SquashfsTree.NodeID?](repeating: nil, count: inodes.count)
    numbers[0] = SquashfsTree.root
    // A directory comes before what is in it.
    for case let entry? in entries {
      guard let parent = numbers[entry.parent] else { continue }
      if let known = numbers[entry.inode] {
        try tree.link(known, named: entry.name, in: parent)
      } else {
        let inode = inodes[entry.inode]
        numbers[entry.inode] = try tree.add(
          kind(inode.kind, sink), try attributes(inode), named: entry.name, in: parent)
      }
    }
    return tree
  }

  private func kind(_ kind: RootTree.Inode.Kind, _ sink: ContentSink) throws -> SquashfsTree.Kind {
    func device(_ number: Int) throws -> UInt32 {
      guard let number = UInt32(exactly: number) else { throw Failure("a device has the number \(number)") }
      return number
    }
    return switch kind {
    case .file(let content, _): .file(sink.contents[content.number])
    case .directory: .directory
    case .symbolicLink(let target): .symbolicLink(target)
    case .characterDevice(let major, let minor):
      .characterDevice(major: try device(major), minor: try device(minor))
    case .blockDevice(let major, let minor): .blockDevice(major: try device(major), minor: try device(minor))
    case .fifo: .fifo
    }
  }
}

extension ContainerTree: RootView {
  func entry(at path: FilePath) -> RootEntry? {
    guard let inode = inode(at: path) else { return nil }
    return switch inodes[inode].kind {
    case .directory: .directory
    case .file: .regular
    case .symbolicLink(let target): .link(FilePath(bytes: target))
    case .characterDevice, .blockDevice, .fifo: .other
    }
  }

  func count(in directory: FilePath) -> Int {
    guard let inode = inode(at: directory) else { return 0 }
    return entries.count { $0?.parent == inode }
  }
}
