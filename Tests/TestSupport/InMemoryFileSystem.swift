import Glibc
package import HostSystem
package import ImageModel

/// A file system in memory: its own clock, a journal of what was touched, failures on demand.
///
/// The same tests run over it and over the real one, so that it cannot drift. Permissions are recorded, not enforced.
package final class InMemoryFileSystem: FileSystem {
  /// What was done to a path.
  package enum Operation: String, Sendable, Hashable, CaseIterable {
    case status, list, read, hash, readLink, resolve
    case makeDirectory, create, write, commit, append, link, rename, setMode, remove, removeTree, lock

    var isChange: Bool {
      switch self {
      case .status, .list, .read, .hash, .readLink, .resolve, .lock: false
      default: true
      }
    }
  }

  package struct JournalEntry: Sendable, Hashable, CustomStringConvertible {
    package var operation: Operation
    package var path: FilePath
    package var description: String { "\(operation.rawValue) \(path)" }
  }

  package typealias Failures = @Sendable (Operation, FilePath) -> FileSystemError?

  struct State: Sendable {
    var tree = MemoryTree()
    var journal: [JournalEntry] = []
    var failures: Failures = { _, _ in nil }
    /// Bytes that can still be written.
    var space = 1 << 40
    /// Changes that still succeed; nil is no limit.
    var changesLeft: Int?
    var locks: Set<UInt64> = []
    var temporaryCount = 0
  }

  let state = Locked(State())
  /// Where relative paths start.
  package let root: FilePath

  package init(root: FilePath = "/repository") {
    self.root = root
    state.withLock { state in _ = Result { () throws(FileSystemError) in try state.tree.makeDirectories(root) } }
  }

  /// Every requirement goes through here: journal, failures, lock.
  func perform<Value>(
    _ operation: Operation, _ path: FilePath,
    _ body: (inout State, FilePath) throws(FileSystemError) -> Value
  ) throws(FileSystemError) -> Value {
    let path = root / path
    // Outside of the lock: the closure may look at this file system.
    if let failure = state.withLock({ $0.failures })(operation, path) { throw failure }
    return try state.withLock { state throws(FileSystemError) -> Value in
      state.journal.append(JournalEntry(operation: operation, path: path))
      if operation.isChange, let left = state.changesLeft {
        if left == 0 { throw FileSystemError(operation.rawValue, path, .other(EIO)) }
        state.changesLeft = left - 1
      }
      return try body(&state, path)
    }
  }

  package func status(of path: FilePath, followingLinks: Bool) throws(FileSystemError) -> FileStatus {
    try perform(.status, path) { state, path throws(FileSystemError) in
      try state.tree.node("stat", path, followingLinks: followingLinks).status
    }
  }

  package func entries(of directory: FilePath) throws(FileSystemError) -> [DirectoryEntry] {
    try perform(.list, directory) { state, path throws(FileSystemError) in
      let node = try state.tree.node("open", path)
      guard node.status.kind == .directory else { throw FileSystemError("open", path, .notADirectory) }
      return node.children.sorted { $0.key < $1.key }.compactMap { name, inode in
        state.tree.nodes[inode].map { DirectoryEntry(name: name, status: $0.status) }
      }
    }
  }

  package func contents(of path: FilePath, limit: Int) throws(FileSystemError) -> [UInt8] {
    try perform(.read, path) { state, path throws(FileSystemError) in
      let bytes = try Self.regular(state.tree.node("open", path), path).bytes
      if bytes.count > limit { throw FileSystemError("read", path, .tooLarge) }
      return bytes
    }
  }

  package func open(_ path: FilePath) throws(FileSystemError) -> any ByteReader {
    try perform(.read, path) { state, path throws(FileSystemError) in
      BytesReader(try Self.regular(state.tree.node("open", path), path).bytes)
    }
  }

  package func hashed(_ path: FilePath) throws(FileSystemError) -> HashedFile {
    try perform(.hash, path) { state, path throws(FileSystemError) in
      let node = try Self.regular(state.tree.node("open", path, followingLinks: false), path)
      return HashedFile(status: node.status, digest: .sha256(node.bytes))
    }
  }

  private static func regular(_ node: MemoryTree.Node, _ path: FilePath) throws(FileSystemError) -> MemoryTree.Node {
    switch node.status.kind {
    case .regular: return node
    case .directory: throw FileSystemError("open", path, .isADirectory)
    case .symbolicLink: throw FileSystemError("open", path, .tooManyLinks)
    default: throw FileSystemError("open", path, .other(EINVAL))
    }
  }

  package func target(ofLink path: FilePath) throws(FileSystemError) -> FilePath {
    try perform(.readLink, path) { state, path throws(FileSystemError) in
      let node = try state.tree.node("readlink", path, followingLinks: false)
      guard node.status.kind == .symbolicLink else { throw FileSystemError("readlink", path, .other(EINVAL)) }
      return node.target
    }
  }

  package func resolved(_ path: FilePath) throws(FileSystemError) -> FilePath {
    try perform(.resolve, path) { state, path throws(FileSystemError) in
      let place = try state.tree.place("realpath", path, followingLinks: true)
      if place.inode == nil { throw FileSystemError("realpath", path, .notFound) }
      return place.path
    }
  }

  package func freeSpace(at path: FilePath) throws(FileSystemError) -> Int {
    try perform(.status, path) { state, path throws(FileSystemError) in
      _ = try state.tree.inode("statvfs", path)
      return state.space
    }
  }

  package func lock(_ path: FilePath, waiting: Bool) throws(FileSystemError) -> (any FileLock)? {
    while true {
      let lock = try perform(.lock, path) { state, path throws(FileSystemError) -> MemoryLock? in
        if try state.tree.place("open", path, followingLinks: true).inode == nil {
          _ = try state.tree.make("open", .regular, 0o644, at: path)
        }
        let node = try state.tree.node("open", path)
        if node.status.kind == .directory { throw FileSystemError("open", path, .isADirectory) }
        guard state.locks.insert(node.status.inode).inserted else { return nil }
        return MemoryLock(self, node.status.inode)
      }
      if lock != nil || !waiting { return lock }
      usleep(1000)
    }
  }
}

private final class MemoryLock: FileLock {
  private let disk: InMemoryFileSystem
  private let inode: Locked<UInt64?>

  init(_ disk: InMemoryFileSystem, _ inode: UInt64) {
    self.disk = disk
    self.inode = Locked(inode)
  }

  deinit { unlock() }

  func unlock() {
    let held = inode.withLock { inode in
      defer { inode = nil }
      return inode
    }
    if let held { disk.state.withLock { _ = $0.locks.remove(held) } }
  }
}

/// Reads bytes in memory.
package final class BytesReader: ByteReader {
  private var rest: ArraySlice<UInt8>
  private let pieceSize: Int

  /// - Parameter pieceSize: the most that one read gives, to see how a consumer takes short reads.
  package init(_ bytes: [UInt8], pieceSize: Int = .max) {
    rest = bytes[...]
    self.pieceSize = pieceSize
  }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let piece = rest.prefix(min(buffer.count, pieceSize))
    buffer.copyBytes(from: piece)
    rest = rest.dropFirst(piece.count)
    return piece.count
  }
}
