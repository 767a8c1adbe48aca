import HostSystem
import ImageModel
import ReleasePlanning

/// A directory of this machine.
struct LocalSite: FileSite {
  let root: FilePath
  let files: any FileSystem

  var name: String { root.description }
  private var inner: FilePath { root / ".coppice" }
  private func place(_ path: String) -> FilePath { root / FilePath(path) }

  // MARK: What is there

  func overview() throws -> SiteOverview? {
    guard try files.statusIfPresent(of: inner, followingLinks: true) != nil else { return nil }
    var overview = SiteOverview()
    if try files.statusIfPresent(of: inner / "current")?.kind == .symbolicLink {
      overview.current = try files.target(ofLink: inner / "current").name.text.flatMap { Int($0) }
      overview.index = try files.contentsIfPresent(of: inner / "current/index.json", limit: 16 << 20)
    }
    for entry in try entries(of: inner / "files") where entry.status.kind == .regular {
      if let name = entry.name.text { overview.files[name] = entry.status.size }
    }
    for entry in try entries(of: inner / "releases") where entry.status.kind == .directory {
      guard let number = entry.name.text.flatMap({ Int($0) }) else { continue }
      let directory = inner / "releases" / entry.name
      let links = try files.names(of: directory).filter { $0.kind == .symbolicLink }
      overview.releases[number] = Set(
        try links.compactMap { try files.target(ofLink: directory / $0.name).name.text })
    }
    return overview
  }

  private func entries(of directory: FilePath) throws -> [DirectoryEntry] {
    guard try files.statusIfPresent(of: directory, followingLinks: true) != nil else { return [] }
    return try files.entries(of: directory)
  }

  func look(_ paths: [String], hashed: Set<String>) throws -> (entries: [String: SiteEntry], overview: SiteOverview?) {
    (try entries(paths, hashed: hashed), try overview())
  }

  func entries(_ paths: [String], hashed: Set<String>) throws -> [String: SiteEntry] {
    try paths.reduce(into: [:]) { $0[$1] = try entry($1, isHashed: hashed.contains($1)) }
  }

  private func entry(_ path: String, isHashed: Bool) throws -> SiteEntry? {
    let place = place(path)
    guard var status = try files.statusIfPresent(of: place) else { return nil }
    if status.kind == .symbolicLink {
      if try files.target(ofLink: place).text == ReleaseDirectory.target(of: path) { return .ours }
      guard let target = try files.statusIfPresent(of: place, followingLinks: true) else { return .dangling }
      status = target
    }
    guard status.kind == .regular else { return .noFile }
    guard isHashed else { return .foreign(nil, size: status.size) }
    let hashed = try files.hashed(try files.resolved(place))
    return .foreign(hashed.digest, size: hashed.status.size)
  }

  // MARK: Changes

  func perform(_ changes: [SiteChange], last: [SiteChange]) throws {
    try perform(changes)
    for change in last { try? perform([change]) }
  }

  private func perform(_ changes: [SiteChange]) throws {
    for change in changes {
      switch change {
      case .keep(let path, let name, let digest):
        let source = try files.openAnywhere(try files.resolved(place(path)))
        try keep(source, at: place(name), digest) {
          Failure("\(place(path)) changed while it was read", help: "publish again when nobody writes there")
        }
      case .directory(let path): try files.createDirectory(place(path))
      case .link(let path, let target): try files.createLink(place(path), to: FilePath(target))
      case .write(let path, let bytes): try files.replace(place(path), with: bytes, mode: 0o644)
      case .remove(let path): try files.remove(place(path))
      case .removeTree(let path): try files.removeTree(place(path))
      case .rename(let path, let target): try files.rename(place(path), to: place(target))
      case .sync: try files.sync(inner)
      }
    }
  }

  func put(
    _ file: any RandomAccessFile, _ digest: Digest, companions: [(suffix: String, bytes: [UInt8])],
    progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    try await onBlockingThread {
      try files.createDirectory(inner / "files")
      let path = place(ReleaseDirectory.file(digest))
      if try files.statusIfPresent(of: path)?.size != file.size {
        guard try files.freeSpace(at: inner) > file.size else {
          throw Failure(
            "no space is left at \(root): \(ByteCount(file.size)) are to be copied",
            help: "make room there, and publish again")
        }
        try keep(file, at: path, digest, progress) {
          Failure("\(digest) in the content store is damaged", help: "run `coppice verify`, then build again")
        }
      }
      for (suffix, bytes) in companions {
        let path = place(ReleaseDirectory.file(digest, suffix))
        if try files.statusIfPresent(of: path) == nil { try files.replace(path, with: bytes, mode: 0o644) }
      }
    }
  }

  /// Copies a file whole, or not at all.
  private func keep(
    _ source: any RandomAccessFile, at path: FilePath, _ digest: Digest?,
    _ progress: @Sendable (Int) -> Void = { _ in }, orThrow fault: () -> Failure
  ) throws {
    let copy = try files.create(in: path.parent, mode: 0o444)
    defer { copy.discard() }
    var hasher = SHA256Hasher()
    try source.forEachPiece(of: 0..<source.size) { piece throws(FileSystemError) in
      hasher.update(piece)
      try copy.write(piece)
      progress(piece.count)
    }
    let made = hasher.finish()
    guard made == digest ?? made else { throw fault() }
    try copy.commit(to: path)
  }

  // MARK: Reading

  func read(_ path: String, limit: Int) throws -> [UInt8]? {
    try files.contentsIfPresent(of: place(path), limit: limit)
  }

  func bring(_ path: String, to part: FilePath, progress: @escaping @Sendable (Int) -> Void) async throws {
    let source = try files.openAnywhere(place(path))
    try await StreamedFile(files: files, part: part, progress: progress).append { offset, pipe in
      try await onBlockingThread {
        guard offset < source.size else { return }
        try source.forEachPiece(of: offset..<source.size) { piece throws(FileSystemError) in _ = pipe.write(piece) }
      }
    }
  }

  // MARK: One publisher at a time

  private struct Hold: DestinationHold {
    let lock: any FileLock
    func release() { lock.unlock() }
  }

  func hold() throws -> any DestinationHold {
    try files.createDirectory(inner)
    guard let lock = try files.lock(inner / "lock", waiting: false) else {
      throw Failure("somebody else publishes in \(root) at the moment", help: "try again when that has ended")
    }
    files.removeAbandoned(in: inner / "files")
    return Hold(lock: lock)
  }
}
