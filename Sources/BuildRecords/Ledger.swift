package import HostSystem
package import ImageModel

/// What is remembered of every artifact of a tree: the committed lockfile, and beside it the local one for artifacts
/// from outside of the repository.
package struct Ledger: Sendable {
  private let files: any FileSystem
  private let lockPath: FilePath
  private let localPath: FilePath
  /// Artifacts that the committed lockfile never names.
  private let outside: Set<ArtifactID>
  /// As the files hold it, so that an unchanged file is not written; nil when a file must be written anew.
  private var written: (lock: Lockfile?, local: Lockfile?)

  /// Both files as one.
  package private(set) var lockfile: Lockfile

  /// - Throws: `Failure` for a lockfile of a later version; `FileSystemError`.
  package static func open(
    lock lockPath: FilePath, local localPath: FilePath, outside: Set<ArtifactID>, files: any FileSystem
  ) throws -> (Ledger, [Diagnostic]) {
    var diagnostics: [Diagnostic] = []
    func read(_ path: FilePath) throws -> (Lockfile, isWhole: Bool) {
      guard let bytes = try files.contentsIfPresent(of: path, limit: 1 << 30) else { return (Lockfile(), true) }
      let (lockfile, faults) = try LockfileReader.read(bytes, file: path)
      diagnostics += faults
      return (lockfile, faults.isEmpty)
    }
    let ((lock, isLockWhole), (local, isLocalWhole)) = (try read(lockPath), try read(localPath))
    var merged = lock
    merged.pins.merge(local.pins) { first, _ in first }
    merged.records.merge(local.records) { first, second in first }
    // A damaged file must be written anew even if its content comes out the same.
    let ledger = Ledger(
      files: files, lockPath: lockPath, localPath: localPath, outside: outside,
      written: (isLockWhole ? lock : nil, isLocalWhole ? local : nil), lockfile: merged)
    return (ledger, diagnostics)
  }

  package subscript(id: ArtifactID) -> BuildRecord? {
    get { lockfile.records[id] }
    set { lockfile.records[id] = newValue }
  }

  package subscript(pin key: Lockfile.BaseKey) -> PinnedBase? {
    get { lockfile.pins[key] }
    set { lockfile.pins[key] = newValue }
  }

  /// Forgets artifacts and pins that the tree no longer has.
  package mutating func keep(artifacts: Set<ArtifactID>, bases: Set<String>) {
    for id in Array(lockfile.records.keys) where !artifacts.contains(id) { lockfile.records[id] = nil }
    for key in Array(lockfile.pins.keys) where !bases.contains(key.reference) { lockfile.pins[key] = nil }
  }

  /// Swaps in the files whose content differs from what was read or written last.
  package mutating func write() throws(FileSystemError) {
    var (lock, local) = (Lockfile(), Lockfile())
    lock.records = lockfile.records
    for id in outside { local.records[id] = lock.records.removeValue(forKey: id) }
    // A base goes where the artifacts are that use it; one that both use stands in the committed file.
    var outer = Set(local.records.values.flatMap(\.bases.keys))
    if !outer.isEmpty { for record in lock.records.values { outer.subtract(record.bases.keys) } }
    for (key, pin) in lockfile.pins {
      if outer.contains(key.reference) { local.pins[key] = pin } else { lock.pins[key] = pin }
    }
    if lock != written.lock { try files.replace(lockPath, with: LockfileWriter.bytes(lock), mode: 0o644) }
    if local != written.local {
      try files.replace(localPath, with: LockfileWriter.bytes(local, isCommitted: false), mode: 0o644)
    }
    written = (lock, local)
  }
}
