package import FileTraces
package import HostSystem
package import ImageModel

/// Remembers what was concluded from files, and their SHA-256, so that unchanged files are not read: a cache, never the
/// truth.
///
/// A stamp is device, inode, size, mtime and ctime. ctime cannot be set back, so a stamp can only lie when a file was
/// hashed and changed within one tick of the file system's clock; stamps that are not older than the moment of hashing
/// are therefore never trusted (git calls them racy).
package struct FileIndex: Sendable {
  /// Files younger than this, in seconds, when they were looked at are looked at again next time: the file system's
  /// clock is coarse, and on a network it is another machine's.
  private static let margin = 2

  /// - Parameter now: seconds since 1970.
  /// - Returns: nanoseconds since 1970: what changed later may change once more unseen.
  package static func settled(at now: Int) -> Int { (now - margin) * 1_000_000_000 }

  /// A file's stamp and digest.
  package struct Entry: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var stamp: FileStamp
    var digest: Digest

    /// - Parameter status: as it was before and after the bytes were read.
    package init(_ status: FileStatus, _ digest: Digest) {
      (device, inode, stamp) = (status.device, status.inode, FileStamp(status))
      self.digest = digest
    }
  }

  private struct Key: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  /// What was hashed in this run.
  private var entries: [Key: Entry] = [:]
  /// What an earlier trace of one step knows.
  private var traced: [Key: Entry] = [:]
  /// What is kept from run to run.
  package var traces: TraceStore

  package init(_ traces: TraceStore = TraceStore()) { self.traces = traces }

  /// The digest of an unchanged file; nil when the file must be read.
  package func digest(for status: FileStatus) -> Digest? {
    let key = Key(device: status.device, inode: status.inode)
    let stamp = FileStamp(status)
    if let entry = entries[key], entry.stamp == stamp { return entry.digest }
    if let entry = traced[key], entry.stamp == stamp { return entry.digest }
    return nil
  }

  /// Keeps those of `new` that are older than `moment`, the file system's clock before the first of them was read.
  package mutating func insert(_ new: some Sequence<Entry>, readSince moment: Int) {
    for entry in new where !entry.stamp.isYounger(than: moment) {
      entries[Key(device: entry.device, inode: entry.inode)] = entry
    }
  }

  /// With the digests that a trace has, of files that may have changed since.
  func knowing(_ trace: FileTrace?) -> FileIndex {
    guard let trace else { return self }
    var index = self
    index.traced = [:]
    for group in trace.groups {
      for place in 0..<group.entryCount {
        let entry = group[place]
        guard let digest = entry.digest, let status = entry.stamp.status else { continue }
        let known = Entry(status, digest)
        index.traced[Key(device: known.device, inode: known.inode)] = known
      }
    }
    return index
  }

  /// Whether no file's digest is known.
  var isEmpty: Bool { entries.isEmpty && traced.isEmpty }

  package var isChanged: Bool { traces.isChanged }

  package mutating func write(to path: FilePath, in files: any FileSystem) throws(FileSystemError) {
    try traces.write(to: path, in: files)
  }
}
