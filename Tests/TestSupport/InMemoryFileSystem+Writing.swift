import Glibc
package import HostSystem
package import ImageModel

extension InMemoryFileSystem {
  package func createDirectory(_ path: FilePath) throws(FileSystemError) {
    try perform(.makeDirectory, path) { state, path throws(FileSystemError) in try state.tree.makeDirectories(path) }
  }

  package func create(in directory: FilePath, mode: UInt16) throws(FileSystemError) -> any PendingFile {
    try perform(.create, directory) { state, path throws(FileSystemError) in
      try Self.makeTemporary(&state, in: path, mode, self)
    }
  }

  private static func makeTemporary(
    _ state: inout State, in directory: FilePath, _ mode: UInt16, _ disk: InMemoryFileSystem
  ) throws(FileSystemError) -> MemoryPendingFile {
    state.temporaryCount += 1
    let path = directory / FilePath(".coppice-\(state.temporaryCount)")
    return MemoryPendingFile(disk, path, try state.tree.make("open", .regular, mode, at: path))
  }

  package func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError) {
    let file = try create(in: (root / path).parent, mode: mode)
    defer { file.discard() }
    try file.write(bytes)
    try file.commit(to: path)
  }

  package func append(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) {
    try perform(.append, path) { state, path throws(FileSystemError) in
      var inode = try state.tree.place("open", path, followingLinks: true).inode
      if inode == nil { inode = try state.tree.make("open", .regular, 0o644, at: path) }
      guard let inode, let node = state.tree.nodes[inode] else { return }
      if node.status.kind == .directory { throw FileSystemError("open", path, .isADirectory) }
      try Self.add(bytes, to: inode, &state, path)
    }
  }

  /// Writes what there is room for.
  static func add(
    _ bytes: [UInt8], to inode: UInt64, _ state: inout State, _ path: FilePath
  ) throws(FileSystemError) {
    let count = min(bytes.count, state.space)
    if count > 0 { state.tree.setBytes((state.tree.nodes[inode]?.bytes ?? []) + bytes.prefix(count), of: inode) }
    state.space -= count
    if count < bytes.count { throw FileSystemError("write", path, .noSpace) }
  }

  package func createLink(_ path: FilePath, to target: FilePath) throws(FileSystemError) {
    try perform(.link, path) { state, path throws(FileSystemError) in
      _ = try state.tree.make("symlink", .symbolicLink, 0o777, at: path, target: target)
    }
  }

  package func hardLink(_ path: FilePath, to existing: FilePath) throws(FileSystemError) {
    let existing = root / existing
    try perform(.link, path) { state, path throws(FileSystemError) in
      try state.tree.hardLink(path, to: existing)
    }
  }

  package func rename(_ path: FilePath, to newPath: FilePath) throws(FileSystemError) {
    let newPath = root / newPath
    try perform(.rename, path) { state, path throws(FileSystemError) in try state.tree.rename(path, to: newPath) }
  }

  package func setMode(_ mode: UInt16, of path: FilePath) throws(FileSystemError) {
    try perform(.setMode, path) { state, path throws(FileSystemError) in
      state.tree.setMode(mode, of: try state.tree.inode("chmod", path))
    }
  }

  package func remove(_ path: FilePath) throws(FileSystemError) {
    try perform(.remove, path) { state, path throws(FileSystemError) in
      try Self.unlessMissing { () throws(FileSystemError) in try state.tree.remove(path) }
    }
  }

  package func removeTree(_ path: FilePath) throws(FileSystemError) {
    let path = try path.ofEntry("rmdir")
    try perform(.removeTree, path) { state, path throws(FileSystemError) in
      try Self.unlessMissing { () throws(FileSystemError) in try state.tree.removeTree(path) }
    }
  }

  private static func unlessMissing(_ body: () throws(FileSystemError) -> Void) throws(FileSystemError) {
    do {
      try body()
    } catch {
      if error.reason != .notFound && error.reason != .notADirectory { throw error }
    }
  }
}

private final class MemoryPendingFile: PendingFile {
  private let disk: InMemoryFileSystem
  private let path: FilePath
  private let inode: UInt64
  private var isOpen = true

  init(_ disk: InMemoryFileSystem, _ path: FilePath, _ inode: UInt64) {
    self.disk = disk
    self.path = path
    self.inode = inode
  }

  deinit { discard() }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileSystemError) {
    guard isOpen else { throw FileSystemError("write", path, .other(EBADF)) }
    let (bytes, inode) = (Array(bytes), inode)
    try disk.perform(.write, path) { state, path throws(FileSystemError) in
      try InMemoryFileSystem.add(bytes, to: inode, &state, path)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
    guard isOpen else { throw FileSystemError("write", path, .other(EBADF)) }
    let (bytes, inode) = (Array(bytes), inode)
    try disk.perform(.write, path) { state, path throws(FileSystemError) in
      var contents = state.tree.nodes[inode]?.bytes ?? []
      contents.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      state.tree.setBytes(contents, of: inode)
    }
  }

  func reader() throws(FileSystemError) -> any RandomAccessFile {
    guard isOpen else { throw FileSystemError("open", path, .other(EBADF)) }
    let inode = inode
    return try disk.perform(.read, path) { state, path throws(FileSystemError) in
      MemoryFile(state.tree.nodes[inode]?.bytes ?? [], path: path)
    }
  }

  func commit(to path: FilePath) throws(FileSystemError) {
    guard isOpen else { throw FileSystemError("fsync", path, .other(EBADF)) }
    let temporary = self.path
    try disk.perform(.commit, path) { state, path throws(FileSystemError) in
      try state.tree.rename(temporary, to: path)
    }
    isOpen = false
  }

  func discard() {
    guard isOpen else { return }
    isOpen = false
    // Not through `perform`: what nobody asked for stands in no journal, but a lost disk keeps the file.
    let temporary = path
    disk.state.withLock { state in
      if state.changesLeft == 0 { return }
      _ = Result { () throws(FileSystemError) in try state.tree.remove(temporary) }
    }
  }
}
