package import HostSystem
package import ImageModel

/// The files as they would be if a commit were checked out: read-only.
///
/// Below the top of the work tree there is what git has, and nothing else; all around it, and git's own directory, is as
/// it is now. Git knows of permissions only whether a file is executable: the others are those of today.
package struct GitFileSystem: FileSystem {
  /// What is outside of git, and the files of today.
  let base: any FileSystem
  let top: FilePath
  let tree: GitTree
  let hasFileModes: Bool
  /// Paths that are as they are now.
  let asNow: Set<FilePath>

  /// - Parameter asNow: what git does not track though it lies below the top; without links.
  package init(
    _ revision: GitRevision, _ objects: GitObjects, base: any FileSystem, asNow: Set<FilePath> = []
  ) {
    self.base = base
    top = revision.repository.top
    self.asNow = asNow
    hasFileModes = revision.hasFileModes
    tree = GitTree(objects, commit: revision.commit) { [top] path in
      (try? base.status(of: top / path / ".git", followingLinks: false)) != nil
    }
  }

  /// A file of the commit, or one that is as it is now, and its path without links and dots.
  enum Node {
    case git(GitEntry)
    case real(FileStatus)
  }

  // MARK: Questions

  package func status(of path: FilePath, followingLinks: Bool) throws(FileSystemError) -> FileStatus {
    let (place, node) = try find("stat", path, followingLinks: followingLinks)
    return status(of: node, at: place)
  }

  package func entries(of directory: FilePath) throws(FileSystemError) -> [DirectoryEntry] {
    let place = try self.directory("open", directory)
    guard isGit(place) else { return try base.entries(of: place) }
    var entries = try names(below: place).map { DirectoryEntry(name: $0, status: status(of: .git($1), at: place / $0)) }
    for name in namesAsNow(in: place) {
      // On the way there anything may lie today, also a circle of links.
      guard let status = try? base.statusIfPresent(of: place / name) else { continue }
      entries.removeAll { $0.name == name }
      entries.append(DirectoryEntry(name: name, status: status))
    }
    return entries.sorted { $0.name < $1.name }
  }

  package func contents(of path: FilePath, limit: Int) throws(FileSystemError) -> [UInt8] {
    let (place, node) = try find("open", path, followingLinks: true)
    guard case .git(let entry) = node else { return try base.contents(of: place, limit: limit) }
    let bytes = try bytes(of: entry, at: place)
    if bytes.count > limit {
      throw FileSystemError(operation: "read", path: path, reason: .tooLarge, text: "Larger than \(limit) bytes")
    }
    return bytes
  }

  package func open(_ path: FilePath) throws(FileSystemError) -> any ByteReader {
    let (place, node) = try find("open", path, followingLinks: true)
    guard case .git(let entry) = node else { return try base.open(place) }
    return BytesInMemory(try bytes(of: entry, at: place))
  }

  package func hashed(_ path: FilePath) throws(FileSystemError) -> HashedFile {
    let (place, node) = try find("open", path, followingLinks: false)
    guard case .git(let entry) = node else { return try base.hashed(place) }
    return HashedFile(
      status: try status(of: path, followingLinks: false), digest: Digest.sha256(try bytes(of: entry, at: place)))
  }

  package func target(ofLink path: FilePath) throws(FileSystemError) -> FilePath {
    let (place, node) = try find("readlink", path, followingLinks: false)
    guard case .git(let entry) = node else { return try base.target(ofLink: place) }
    guard entry.kind == .link else { throw Self.error("readlink", path, .other(22), "Invalid argument") }
    return try target(of: entry, at: place)
  }

  package func resolved(_ path: FilePath) throws(FileSystemError) -> FilePath {
    try find("realpath", path, followingLinks: true).place
  }

  package func freeSpace(at path: FilePath) throws(FileSystemError) -> Int { try base.freeSpace(at: path) }

  // MARK: What git has

  private func names(below place: FilePath) throws(FileSystemError) -> [FilePath: GitEntry] {
    try asked("open", place) { () throws(Failure) in try tree.names(in: inside(place)) } ?? [:]
  }

  private func bytes(of entry: GitEntry, at place: FilePath) throws(FileSystemError) -> [UInt8] {
    switch entry.kind {
    case .file: try asked("read", place) { () throws(Failure) in try tree.bytes(of: entry, at: inside(place)) }
    case .directory, .submodule: throw Self.error("open", place, .isADirectory, "Is a directory")
    case .link: throw Self.error("open", place, .tooManyLinks, "Too many levels of symbolic links")
    }
  }

  func target(of entry: GitEntry, at place: FilePath) throws(FileSystemError) -> FilePath {
    FilePath(
      bytes: try asked("readlink", place) { () throws(Failure) in try tree.target(of: entry, at: inside(place)) })
  }

  func asked<Value>(
    _ operation: String, _ path: FilePath, _ question: () throws(Failure) -> Value
  ) throws(FileSystemError) -> Value {
    do {
      return try question()
    } catch {
      throw Self.error(operation, path, .other(5), error.message)
    }
  }

  func inside(_ place: FilePath) -> FilePath { place.relative(to: top) ?? place }

  /// Whether git says what is at a path without links.
  func isGit(_ place: FilePath) -> Bool {
    guard place.isBelow(top) else { return false }
    if place == top { return true }
    return !asNow.contains { place.isBelow($0) } && !inside(place).components.contains(Array(".git".utf8))
  }

  private func namesAsNow(in place: FilePath) -> [FilePath] {
    // The directory of git itself, or the file that leads there.
    asNow.filter { $0.parent == place }.map(\.name) + [".git"]
  }

  private func status(of node: Node, at place: FilePath) -> FileStatus {
    guard case .git(let entry) = node else {
      if case .real(let status) = node { return status }
      preconditionFailure("a node is one of two")
    }
    let now = try? base.status(of: place, followingLinks: false)
    // Of a file that git has there is no inode; its path is one.
    let identity = Digest.sha256(place.bytes).bytes
    func word(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    let (kind, mode) = entry.look(now: now, hasFileModes: hasFileModes)
    return FileStatus(
      kind: kind, mode: mode, device: word(identity[..<8]), inode: word(identity[8..<16]), size: 0, modified: 0,
      changed: 0)
  }

  static func error(
    _ operation: String, _ path: FilePath, _ reason: FileSystemError.Reason, _ text: String
  ) -> FileSystemError {
    FileSystemError(operation: operation, path: path, reason: reason, text: text)
  }
}

extension GitEntry {
  /// Its kind and permissions. A directory that is one now, a file that is one: it has the permissions that it has, but
  /// for those to execute.
  fileprivate func look(now: FileStatus?, hasFileModes: Bool) -> (FileStatus.Kind, UInt16) {
    switch kind {
    case .directory, .submodule: return (.directory, now.flatMap { $0.kind == .directory ? $0.mode : nil } ?? 0o755)
    case .link: return (.symbolicLink, 0o777)
    case .file(let isExecutable):
      guard let now, now.kind == .regular else { return (.regular, isExecutable ? 0o755 : 0o644) }
      // Git looks at the owner's permission.
      if !hasFileModes || (now.mode & 0o100 != 0) == isExecutable { return (.regular, now.mode) }
      // As chmod does it: who may read may execute.
      return (.regular, isExecutable ? now.mode | (now.mode & 0o444) >> 2 : now.mode & ~0o111)
    }
  }
}

private final class BytesInMemory: ByteReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let piece = rest.prefix(buffer.count)
    buffer.copyBytes(from: piece)
    rest = rest.dropFirst(piece.count)
    return piece.count
  }
}
