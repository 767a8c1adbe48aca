package import HostSystem
package import ImageModel

/// The inodes and names of a file system, with the times that Linux would give them; pure.
struct MemoryTree: Sendable {
  struct Node: Sendable {
    var status: FileStatus
    var bytes: [UInt8] = []
    var target = FilePath(bytes: [])
    var children: [FilePath: UInt64] = [:]
    /// Names that lead here; open files live on without one.
    var links = 0
  }

  /// Nanoseconds since 1970; stands still until it is told to go on, as the kernel's does within a tick.
  var now = 1_700_000_000_000_000_000
  private(set) var nodes: [UInt64: Node] = [:]
  private var lastInode: UInt64 = 2
  static let rootInode: UInt64 = 2

  init() {
    nodes[Self.rootInode] = Node(status: newStatus(.directory, 0o755, Self.rootInode), links: 1)
  }

  private func newStatus(_ kind: FileStatus.Kind, _ mode: UInt16, _ inode: UInt64) -> FileStatus {
    FileStatus(
      kind: kind, mode: mode, device: 1, inode: inode, size: kind == .directory ? 4096 : 0, modified: now, changed: now)
  }

  // MARK: names to inodes

  /// Where a name is or could be.
  struct Place {
    /// nil for the root.
    var parent: UInt64?
    var name: FilePath
    var inode: UInt64?
    /// The path without links and dots.
    var path: FilePath
  }

  func place(_ operation: String, _ path: FilePath, followingLinks: Bool) throws(FileSystemError) -> Place {
    if path.isEmpty { throw FileSystemError(operation, path, .notFound) }
    if path.bytes.contains(0) { throw FileSystemError(operation, path, .other(22)) }
    var trail = [Place(parent: nil, name: "", inode: Self.rootInode, path: "/")]
    var rest = Array(path.components.reversed())
    // A slash at the end asks for what a link leads to.
    let follows = followingLinks || path.bytes.last == UInt8(ascii: "/")
    var linksLeft = 40
    while let component = rest.popLast() {
      guard let parent = trail.last, let directory = parent.inode else {
        throw FileSystemError(operation, path, .notFound)
      }
      guard let node = nodes[directory], node.status.kind == .directory else {
        throw FileSystemError(operation, path, .notADirectory)
      }
      if component == Array(".".utf8) { continue }
      if component == Array("..".utf8) {
        if trail.count > 1 { trail.removeLast() }
        continue
      }
      if component.count > 255 { throw FileSystemError(operation, path, .other(36)) }
      let name = FilePath(bytes: component)
      let inode = node.children[name]
      if let inode, let link = nodes[inode], link.status.kind == .symbolicLink, !rest.isEmpty || follows {
        linksLeft -= 1
        if linksLeft == 0 { throw FileSystemError(operation, path, .tooManyLinks) }
        if link.target.isAbsolute { trail.removeSubrange(1...) }
        rest += link.target.components.reversed()
        continue
      }
      trail.append(Place(parent: directory, name: name, inode: inode, path: parent.path / name))
    }
    return trail[trail.count - 1]
  }

  func inode(_ operation: String, _ path: FilePath, followingLinks: Bool = true) throws(FileSystemError) -> UInt64 {
    guard let inode = try place(operation, path, followingLinks: followingLinks).inode else {
      throw FileSystemError(operation, path, .notFound)
    }
    return inode
  }

  func node(_ operation: String, _ path: FilePath, followingLinks: Bool = true) throws(FileSystemError) -> Node {
    guard let node = nodes[try inode(operation, path, followingLinks: followingLinks)] else {
      throw FileSystemError(operation, path, .notFound)
    }
    return node
  }

  // MARK: changes

  /// A new node under a name that is free.
  mutating func make(
    _ operation: String, _ kind: FileStatus.Kind, _ mode: UInt16, at path: FilePath, target: FilePath? = nil
  ) throws(FileSystemError) -> UInt64 {
    let place = try place(operation, path, followingLinks: false)
    guard place.inode == nil, let parent = place.parent else { throw FileSystemError(operation, path, .exists) }
    lastInode += 1
    var node = Node(status: newStatus(kind, mode, lastInode))
    if let target {
      node.target = target
      node.status.size = target.bytes.count
    }
    nodes[lastInode] = node
    enter(place.name, lastInode, in: parent)
    return lastInode
  }

  mutating func makeDirectories(_ path: FilePath) throws(FileSystemError) {
    if !path.parent.isEmpty && path.parent != path {
      do {
        try makeDirectories(path.parent)
      } catch {
        throw error.reason == .exists ? FileSystemError("mkdir", path, .notADirectory) : error
      }
    }
    if let inode = try place("mkdir", path, followingLinks: true).inode {
      if nodes[inode]?.status.kind != .directory { throw FileSystemError("mkdir", path, .exists) }
    } else {
      _ = try make("mkdir", .directory, 0o755, at: path)
    }
  }

  mutating func setBytes(_ bytes: [UInt8], of inode: UInt64) {
    nodes[inode]?.bytes = bytes
    nodes[inode]?.status.size = bytes.count
    nodes[inode]?.status.modified = now
    nodes[inode]?.status.changed = now
  }

  mutating func setMode(_ mode: UInt16, of inode: UInt64) {
    nodes[inode]?.status.mode = mode
    nodes[inode]?.status.changed = now
  }

  mutating func setModified(_ time: Int, of inode: UInt64) {
    nodes[inode]?.status.modified = time
    nodes[inode]?.status.changed = now
  }

  mutating func hardLink(_ path: FilePath, to existing: FilePath) throws(FileSystemError) {
    let inode = try inode("link", existing, followingLinks: false)
    if nodes[inode]?.status.kind == .directory { throw FileSystemError("link", existing, .notPermitted) }
    let place = try place("link", path, followingLinks: false)
    guard place.inode == nil, let parent = place.parent else { throw FileSystemError("link", path, .exists) }
    enter(place.name, inode, in: parent)
  }

  mutating func rename(_ path: FilePath, to newPath: FilePath) throws(FileSystemError) {
    let from = try place("rename", path, followingLinks: false)
    guard let inode = from.inode else { throw FileSystemError("rename", path, .notFound) }
    let to = try place("rename", newPath, followingLinks: false)
    guard let oldParent = from.parent, let newParent = to.parent else {
      throw FileSystemError("rename", path, .other(16))
    }
    if to.inode == inode { return }
    let isDirectory = nodes[inode]?.status.kind == .directory
    if isDirectory && to.path.isBelow(from.path) { throw FileSystemError("rename", newPath, .other(22)) }
    if let replaced = to.inode, let node = nodes[replaced] {
      switch (isDirectory, node.status.kind == .directory) {
      case (true, false): throw FileSystemError("rename", newPath, .notADirectory)
      case (false, true): throw FileSystemError("rename", newPath, .isADirectory)
      default: if !node.children.isEmpty { throw FileSystemError("rename", newPath, .notEmpty) }
      }
      leave(to.name, replaced, in: newParent)
    }
    enter(to.name, inode, in: newParent)
    leave(from.name, inode, in: oldParent)
  }

  mutating func remove(_ path: FilePath) throws(FileSystemError) {
    let place = try place("unlink", path, followingLinks: false)
    guard let inode = place.inode else { return }
    guard let parent = place.parent, nodes[inode]?.status.kind != .directory else {
      throw FileSystemError("unlink", path, .isADirectory)
    }
    leave(place.name, inode, in: parent)
  }

  mutating func removeTree(_ path: FilePath) throws(FileSystemError) {
    let place = try place("rmdir", path, followingLinks: false)
    guard let inode = place.inode else { return }
    guard let parent = place.parent else { throw FileSystemError("rmdir", path, .other(16)) }
    removeChildren(of: inode)
    leave(place.name, inode, in: parent)
  }

  private mutating func removeChildren(of directory: UInt64) {
    for (name, child) in nodes[directory]?.children ?? [:] {
      removeChildren(of: child)
      leave(name, child, in: directory)
    }
  }

  private mutating func enter(_ name: FilePath, _ inode: UInt64, in directory: UInt64) {
    nodes[directory]?.children[name] = inode
    nodes[inode]?.links += 1
    nodes[inode]?.status.changed = now
    touch(directory)
  }

  private mutating func leave(_ name: FilePath, _ inode: UInt64, in directory: UInt64) {
    nodes[directory]?.children[name] = nil
    nodes[inode]?.links -= 1
    nodes[inode]?.status.changed = now
    touch(directory)
    // Renaming leaves the old name last, so a node without names is gone; an open file keeps its own copy.
    if nodes[inode]?.links == 0 { nodes[inode] = nil }
  }

  private mutating func touch(_ directory: UInt64) {
    nodes[directory]?.status.modified = now
    nodes[directory]?.status.changed = now
  }
}

extension FileSystemError {
  /// An error with the system's usual words.
  package init(_ operation: String, _ path: FilePath, _ reason: Reason) {
    let text =
      switch reason {
      case .notFound: "No such file or directory"
      case .exists: "File exists"
      case .notPermitted: "Operation not permitted"
      case .notADirectory: "Not a directory"
      case .isADirectory: "Is a directory"
      case .notEmpty: "Directory not empty"
      case .noSpace: "No space left on device"
      case .tooManyLinks: "Too many levels of symbolic links"
      case .readOnly: "Read-only file system"
      case .tooLarge: "Larger than allowed"
      case .unsteady: "It changes while it is read"
      case .other(let code): "Error \(code)"
      }
    self.init(operation: operation, path: path, reason: reason, text: text)
  }
}
