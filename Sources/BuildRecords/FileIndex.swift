package import HostSystem
package import ImageModel

/// Remembers the SHA-256 of files by their stamp, so that unchanged files are not read: a cache, never the truth.
///
/// A stamp is device, inode, size, mtime and ctime. ctime cannot be set back, so a stamp can only lie when a file was
/// hashed and changed within one tick of the file system's clock; entries whose stamp is not older than the moment of
/// hashing are therefore never kept (git calls them racy).
package struct FileIndex: Sendable {
  /// A file's stamp and digest.
  package struct Entry: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int
    var modified: Int
    var changed: Int
    var digest: Digest

    /// - Parameter status: as it was before and after the bytes were read.
    package init(_ status: FileStatus, _ digest: Digest) {
      (device, inode, size) = (status.device, status.inode, status.size)
      (modified, changed) = (status.modified, status.changed)
      self.digest = digest
    }

    func agrees(with status: FileStatus) -> Bool {
      size == status.size && modified == status.modified && changed == status.changed
    }
  }

  private struct Key: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  private var entries: [Key: Entry] = [:]
  /// Whether it holds something that the file does not.
  package private(set) var isChanged = false

  package init() {}

  /// The digest of an unchanged file; nil when the file must be read.
  package func digest(for status: FileStatus) -> Digest? {
    guard let entry = entries[Key(device: status.device, inode: status.inode)], entry.agrees(with: status) else {
      return nil
    }
    return entry.digest
  }

  /// Keeps those of `new` that are older than `moment`, the file system's clock before the first of them was read.
  package mutating func insert(_ new: some Sequence<Entry>, readSince moment: Int) {
    for entry in new where entry.modified < moment && entry.changed < moment {
      entries[Key(device: entry.device, inode: entry.inode)] = entry
      isChanged = true
    }
  }

  private static let magic = Array("coppice-index 1\n".utf8)
  private static let recordSize = 72

  /// Reads the file; a missing, damaged or foreign one gives an empty index.
  package init(reading path: FilePath, from files: any FileSystem) {
    guard let bytes = try? files.contentsIfPresent(of: path, limit: 1 << 32),
      bytes.count >= Self.magic.count + 32, bytes.starts(with: Self.magic),
      (bytes.count - Self.magic.count - 32) % Self.recordSize == 0,
      bytes.suffix(32).elementsEqual(Digest.sha256(bytes.dropLast(32)).bytes)
    else { return }
    let count = (bytes.count - Self.magic.count - 32) / Self.recordSize
    entries.reserveCapacity(count)
    bytes.withUnsafeBytes { buffer in
      for index in 0..<count {
        let start = Self.magic.count + index * Self.recordSize
        func word(_ place: Int) -> UInt64 {
          UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: start + place * 8, as: UInt64.self))
        }
        let status = FileStatus(
          kind: .regular, mode: 0, device: word(0), inode: word(1), size: Int(truncatingIfNeeded: word(2)),
          modified: Int(truncatingIfNeeded: word(3)), changed: Int(truncatingIfNeeded: word(4)))
        let digest = Digest(bytes: UnsafeRawBufferPointer(rebasing: buffer[(start + 40)..<(start + 72)]))
        entries[Key(device: status.device, inode: status.inode)] = Entry(status, digest)
      }
    }
  }

  /// Swaps in a new file; records are five little-endian words and a digest, a SHA-256 of everything ends the file.
  package mutating func write(to path: FilePath, in files: any FileSystem) throws(FileSystemError) {
    var bytes = Self.magic
    bytes.reserveCapacity(Self.magic.count + entries.count * Self.recordSize + 32)
    for entry in entries.values {
      for word in [
        entry.device, entry.inode, UInt64(bitPattern: Int64(entry.size)), UInt64(bitPattern: Int64(entry.modified)),
        UInt64(bitPattern: Int64(entry.changed)),
      ] {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
      }
      bytes += entry.digest.bytes
    }
    bytes += Digest.sha256(bytes).bytes
    try files.replace(path, with: bytes, mode: 0o644)
    isChanged = false
  }
}
