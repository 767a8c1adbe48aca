import Glibc
package import HostSystem
package import ImageModel

/// A disk that fails when it is told to, over any other disk: it counts what is asked of it, and strikes at one place.
///
/// What is one call of the port is several operations here, as it is for a kernel: a file is created, written, synced,
/// renamed, and the directory is synced.
package final class FaultyFileSystem: FileSystem {
  package enum Fault: Sendable, Hashable {
    /// No room from then on; a write brings half of its bytes first.
    case noSpace
    /// A broken sector: this one operation fails, and a write brings half of its bytes.
    case inputOutput
    /// As `inputOutput`, of an operation that changes nothing.
    case unreadable
    /// The kernel has put the file system out of use for changes.
    case readOnly
    /// The process is gone: nothing more arrives, and what it would tidy up stays.
    case kill
    /// As `kill`; and of what was not synced some is lost or torn, as the number chooses.
    case powerCut(Int)
  }

  package enum Operation: String, Sendable, Hashable {
    case read, makeDirectory, create, write, sync, rename, syncDirectory, append, link, setAttributes, remove

    fileprivate func isCounted(_ fault: Fault) -> Bool {
      switch fault {
      case .noSpace: [.makeDirectory, .create, .write, .append, .link].contains(self)
      case .unreadable: self == .read
      default: self != .read
      }
    }
  }

  private struct State {
    var fault = Fault.kill
    /// Counted operations before the one that is struck.
    var left = Int.max
    var count = 0
    var struck: (operation: Operation, path: FilePath)?
    var power = PowerCut()
  }

  private let inner: any FileSystem
  private let state = Locked(State())

  package init(_ inner: any FileSystem) { self.inner = inner }

  /// - Parameter place: how many operations that the fault can strike succeed before.
  package func arm(_ fault: Fault, at place: Int) {
    state.withLock { state in
      state = State()
      (state.fault, state.left) = (fault, place)
    }
  }

  /// What was struck; nil when there were fewer operations.
  package var struck: (operation: Operation, path: FilePath)? { state.withLock { $0.struck } }

  /// The disk works again, with what the power cut has left of it.
  package func repair() {
    let (fault, isStruck, power) = state.withLock { ($0.fault, $0.struck != nil, $0.power) }
    if case .powerCut(let seed) = fault, isStruck { power.apply(to: inner, seed: seed) }
    arm(.kill, at: .max)
  }

  // MARK: where it strikes

  private enum Verdict {
    case goOn
    case fail(FileSystemError)

    func orThrow() throws(FileSystemError) { if case .fail(let error) = self { throw error } }
  }

  fileprivate var isGone: Bool {
    state.withLock { state in
      guard state.struck != nil else { return false }
      switch state.fault {
      case .kill, .powerCut: return true
      default: return false
      }
    }
  }

  /// - Returns: the failure, and whether it is the first.
  private func verdict(_ operation: Operation, _ path: FilePath) -> (verdict: Verdict, isFirst: Bool) {
    if isGone { return (.fail(Self.error(.other(EIO), operation, path)), false) }
    return state.withLock { state in
      guard operation.isCounted(state.fault) else { return (.goOn, false) }
      state.count += 1
      if state.left > 0 {
        state.left -= 1
        return (.goOn, false)
      }
      let isFirst = state.struck == nil
      if isFirst { state.struck = (operation, path) }
      switch state.fault {
      case .noSpace: return (.fail(Self.error(.noSpace, operation, path)), isFirst)
      case .readOnly: return (.fail(Self.error(.readOnly, operation, path)), isFirst)
      case .inputOutput, .unreadable:
        return (isFirst ? .fail(Self.error(.other(EIO), operation, path)) : .goOn, isFirst)
      case .kill, .powerCut: return (.fail(Self.error(.other(EIO), operation, path)), isFirst)
      }
    }
  }

  fileprivate func strike(_ operation: Operation, _ path: FilePath) throws(FileSystemError) {
    try verdict(operation, path).verdict.orThrow()
  }

  /// The part of `bytes` that arrives, and the failure after it.
  fileprivate func arriving(
    _ bytes: [UInt8], _ operation: Operation, _ path: FilePath
  ) -> (bytes: [UInt8], failure: FileSystemError?) {
    let (verdict, isFirst) = verdict(operation, path)
    guard case .fail(let error) = verdict else { return (bytes, nil) }
    return (isFirst ? Array(bytes.prefix(bytes.count / 2)) : [], error)
  }

  fileprivate func note(_ change: (inout PowerCut) -> Void) { state.withLock { change(&$0.power) } }

  private static func error(
    _ reason: FileSystemError.Reason, _ operation: Operation, _ path: FilePath
  ) -> FileSystemError {
    let words = reason == .other(EIO) ? "Input/output error" : FileSystemError("", path, reason).text
    return FileSystemError(operation: operation.rawValue, path: path, reason: reason, text: words)
  }

  // MARK: reading

  package func status(of path: FilePath, followingLinks: Bool) throws(FileSystemError) -> FileStatus {
    try strike(.read, path)
    return try inner.status(of: path, followingLinks: followingLinks)
  }

  package func entries(of directory: FilePath) throws(FileSystemError) -> [DirectoryEntry] {
    try strike(.read, directory)
    return try inner.entries(of: directory)
  }

  package func contents(of path: FilePath, limit: Int) throws(FileSystemError) -> [UInt8] {
    try strike(.read, path)
    return try inner.contents(of: path, limit: limit)
  }

  package func open(_ path: FilePath) throws(FileSystemError) -> any ByteReader {
    try strike(.read, path)
    return try inner.open(path)
  }

  package func hashed(_ path: FilePath) throws(FileSystemError) -> HashedFile {
    try strike(.read, path)
    return try inner.hashed(path)
  }

  package func target(ofLink path: FilePath) throws(FileSystemError) -> FilePath {
    try strike(.read, path)
    return try inner.target(ofLink: path)
  }

  package func resolved(_ path: FilePath) throws(FileSystemError) -> FilePath {
    try strike(.read, path)
    return try inner.resolved(path)
  }

  package func freeSpace(at path: FilePath) throws(FileSystemError) -> Int {
    try strike(.read, path)
    return try inner.freeSpace(at: path)
  }

  package func lock(_ path: FilePath, waiting: Bool) throws(FileSystemError) -> (any FileLock)? {
    try strike(try inner.statusIfPresent(of: path) == nil ? .create : .read, path)
    return try inner.lock(path, waiting: waiting)
  }

  // MARK: changes

  package func createDirectory(_ path: FilePath) throws(FileSystemError) {
    guard try inner.statusIfPresent(of: path, followingLinks: true) == nil else {
      return try inner.createDirectory(path)
    }
    try strike(.makeDirectory, path)
    var missing: [FilePath] = []
    var next = path
    while try inner.statusIfPresent(of: next) == nil, !next.isEmpty {
      missing.append(next)
      next = next.parent
    }
    try inner.createDirectory(path)
    for directory in missing.reversed() { note { $0.made(directory) } }
  }

  package func create(in directory: FilePath, mode: UInt16) throws(FileSystemError) -> any PendingFile {
    try strike(.create, directory)
    return FaultyPendingFile(self, inner, directory, try inner.create(in: directory, mode: mode))
  }

  package func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError) {
    let file = try create(in: path.parent, mode: mode)
    defer { file.discard() }
    try file.write(bytes)
    try file.commit(to: path)
  }

  package func append(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) {
    let before = try inner.contentsIfPresent(of: path, limit: .max)
    try appendUnsynced(bytes, to: path)
    try strike(.sync, path)
    note { $0.synced(path) }
    guard before == nil else { return }
    try strike(.syncDirectory, path.parent)
    note { $0.syncedDirectory(path.parent) }
  }

  package func appendUnsynced(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) {
    let before = try inner.contentsIfPresent(of: path, limit: .max)
    let (arrived, failure) = arriving(bytes, .append, path)
    if !arrived.isEmpty {
      try inner.append(arrived, to: path)
      note { $0.wrote(path, over: before) }
    }
    if let failure { throw failure }
  }

  package func sync(_ path: FilePath) throws(FileSystemError) {
    try strike(.sync, path)
    note {
      $0.synced(path)
      $0.syncedDirectory(path)
    }
    try strike(.syncDirectory, path.parent)
    note { $0.syncedDirectory(path.parent) }
  }

  package func copy(_ source: FilePath, to path: FilePath, mode: UInt16) throws(FileSystemError) -> Digest {
    try strike(.create, path)
    let (arrived, failure) = arriving(try inner.contents(of: source, limit: .max), .write, path)
    note { $0.made(path) }
    if let failure {
      try inner.replace(path, with: arrived, mode: mode)
      throw failure
    }
    let digest = try inner.copy(source, to: path, mode: mode)
    note { $0.wrote(path, over: []) }
    return digest
  }

  package func setModified(_ nanoseconds: Int, of path: FilePath) throws(FileSystemError) {
    try strike(.setAttributes, path)
    try inner.setModified(nanoseconds, of: path)
  }

  package func createLink(_ path: FilePath, to target: FilePath) throws(FileSystemError) {
    try strike(.link, path)
    try inner.createLink(path, to: target)
    note { $0.made(path) }
  }

  package func hardLink(_ path: FilePath, to existing: FilePath) throws(FileSystemError) {
    try strike(.link, path)
    try inner.hardLink(path, to: existing)
    note { $0.made(path) }
  }

  package func rename(_ path: FilePath, to newPath: FilePath) throws(FileSystemError) {
    try strike(.rename, path)
    let replaced = SavedFile(newPath, in: inner)
    try inner.rename(path, to: newPath)
    note { $0.renamed(path, to: newPath, over: replaced) }
  }

  package func setMode(_ mode: UInt16, of path: FilePath) throws(FileSystemError) {
    try strike(.setAttributes, path)
    try inner.setMode(mode, of: path)
  }

  package func remove(_ path: FilePath) throws(FileSystemError) {
    guard try inner.statusIfPresent(of: path) != nil else { return }
    try strike(.remove, path)
    let removed = SavedFile(path, in: inner)
    try inner.remove(path)
    if let removed { note { $0.removed(path, removed) } }
  }

  package func removeTree(_ path: FilePath) throws(FileSystemError) {
    guard try inner.statusIfPresent(of: path) != nil else { return }
    try strike(.remove, path)
    try inner.removeTree(path)
  }
}

private final class FaultyPendingFile: PendingFile {
  private let disk: FaultyFileSystem
  private let inner: any FileSystem
  private let directory: FilePath
  private let file: any PendingFile
  private var bytes: [UInt8] = []
  private var isOpen = true

  init(_ disk: FaultyFileSystem, _ inner: any FileSystem, _ directory: FilePath, _ file: any PendingFile) {
    (self.disk, self.inner, self.directory, self.file) = (disk, inner, directory, file)
  }

  deinit { discard() }

  func write(_ piece: UnsafeRawBufferPointer) throws(FileSystemError) {
    let (arrived, failure) = disk.arriving(Array(piece), .write, directory)
    bytes += arrived
    try file.write(arrived)
    if let failure { throw failure }
  }

  func write(_ piece: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
    let (arrived, failure) = disk.arriving(Array(piece), .write, directory)
    bytes.replaceSubrange(offset..<offset + arrived.count, with: arrived)
    try file.write(arrived, at: offset)
    if let failure { throw failure }
  }

  func reader() throws(FileSystemError) -> any RandomAccessFile {
    try disk.strike(.read, directory)
    return try file.reader()
  }

  func commit(to path: FilePath) throws(FileSystemError) {
    try disk.strike(.sync, directory)
    try disk.strike(.rename, path)
    let replaced = SavedFile(path, in: inner)
    try file.commit(to: path)
    isOpen = false
    disk.note { $0.renamed(leftover, to: path, over: replaced) }
    try disk.strike(.syncDirectory, path.parent)
    disk.note { $0.syncedDirectory(path.parent) }
  }

  func discard() {
    guard isOpen else { return }
    isOpen = false
    file.discard()
    // Who is gone removes nothing.
    guard disk.isGone else { return }
    try? inner.replace(leftover, with: bytes, mode: 0o600)
    disk.note { $0.wrote(leftover, over: []) }
  }

  /// A name as the inner disk would have given: it keeps its own to itself.
  private lazy var leftover =
    directory / FilePath(".coppice-" + String(UInt64.random(in: .max / 2 ... .max), radix: 36))
}
