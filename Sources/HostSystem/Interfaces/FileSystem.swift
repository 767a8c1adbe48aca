package import ImageModel

/// What `lstat` or `stat` says of a file; times in nanoseconds since 1970.
package struct FileStatus: Hashable, Sendable {
  package enum Kind: UInt8, Sendable, Hashable {
    case regular, directory, symbolicLink, fifo, socket, characterDevice, blockDevice
  }

  package var kind: Kind
  /// Permission bits, 0o7777.
  package var mode: UInt16
  package var device: UInt64
  package var inode: UInt64
  package var size: Int
  package var modified: Int
  package var changed: Int

  package init(
    kind: Kind, mode: UInt16, device: UInt64, inode: UInt64, size: Int, modified: Int, changed: Int
  ) {
    self.kind = kind
    self.mode = mode
    self.device = device
    self.inode = inode
    self.size = size
    self.modified = modified
    self.changed = changed
  }
}

package struct DirectoryEntry: Hashable, Sendable {
  /// One component.
  package var name: FilePath
  /// Of the entry itself, links not followed.
  package var status: FileStatus

  package init(name: FilePath, status: FileStatus) {
    self.name = name
    self.status = status
  }
}

/// Why the file system refused.
package struct FileSystemError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Reason: Sendable, Hashable {
    case notFound, exists, notPermitted, notADirectory, isADirectory, notEmpty, noSpace, tooManyLinks, readOnly
    /// A file that is larger than the caller's limit.
    case tooLarge
    /// A file that changes while it is read.
    case unsteady
    case other(Int32)
  }

  /// What was tried: `open`, `rename`, …
  package var operation: String
  package var path: FilePath
  package var reason: Reason
  /// The system's words.
  package var text: String

  package init(operation: String, path: FilePath, reason: Reason, text: String) {
    self.operation = operation
    self.path = path
    self.reason = reason
    self.text = text
  }

  package var description: String { "\(path): \(text)" }
}

/// A file's bytes as a digest, and its status, which belongs to exactly them.
package struct HashedFile: Hashable, Sendable {
  package var status: FileStatus
  package var digest: Digest

  package init(status: FileStatus, digest: Digest) { (self.status, self.digest) = (status, digest) }
}

/// A file being written; nothing shows under its final name before `commit`.
package protocol PendingFile: AnyObject {
  /// Appends.
  func write(_ bytes: UnsafeRawBufferPointer) throws(FileSystemError)
  /// Writes over what was appended, without moving the end.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError)
  /// Appends a range of another file, which the kernel copies where it can, while the caller goes on: the next call waits,
  /// and throws what went wrong.
  func append(_ range: Range<Int>, of file: any RandomAccessFile) throws(FileSystemError)
  /// What was written so far.
  func reader() throws(FileSystemError) -> any RandomAccessFile
  /// Lets the disk write what was written so far while something else is done, so that `commit` waits less.
  func beginSync()
  /// Syncs the bytes, gives them their final name, syncs the directory.
  func commit(to path: FilePath) throws(FileSystemError)
  /// Removes what was written; does nothing after `commit`.
  func discard()
}

/// A lock that goes when it is closed or its process ends.
package protocol FileLock: AnyObject, Sendable {
  func unlock()
}

/// A file opened for reading in order.
package protocol ByteReader: AnyObject {
  /// Reads at most `buffer.count` bytes; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// The port to the disk. Paths are absolute. Every call blocks; call from a thread that may.
package protocol FileSystem: Sendable {
  /// - Throws: `notFound` for a missing file, also for a dangling link when links are followed.
  func status(of path: FilePath, followingLinks: Bool) throws(FileSystemError) -> FileStatus
  /// All entries but `.` and `..`, sorted by the bytes of their names, each with its status.
  func entries(of directory: FilePath) throws(FileSystemError) -> [DirectoryEntry]
  /// As `entries`, without asking for each status.
  func names(of directory: FilePath) throws(FileSystemError) -> [DirectoryName]
  /// For each trace what the file system would answer otherwise now: the one call in which a hundred thousand files are
  /// looked at, on all cores.
  func check(_ traces: [FileTrace]) -> [TraceCheck]
  /// The bytes of a file without copying them, nil when there is no such file; it must never be written in place.
  func mapped(_ path: FilePath) throws(FileSystemError) -> FileBytes?
  /// - Throws: `tooLarge` when the file has over `limit` bytes.
  func contents(of path: FilePath, limit: Int) throws(FileSystemError) -> [UInt8]
  /// Opens a regular file; `contents`, `open` and `digest` refuse every other kind.
  func open(_ path: FilePath) throws(FileSystemError) -> any ByteReader
  /// As `open`, for reading here and there.
  func openAnywhere(_ path: FilePath) throws(FileSystemError) -> any RandomAccessFile
  /// SHA-256 of a file's bytes, and its status, which it had before and after they were read; never follows a link in the
  /// last component.
  /// - Throws: `unsteady` for a file that changes again and again meanwhile.
  func hashed(_ path: FilePath) throws(FileSystemError) -> HashedFile
  /// As `hashed(_:)` for each of many names in one directory, in their order.
  func hashed(_ names: [FilePath], in directory: FilePath) -> [Result<HashedFile, FileSystemError>]
  func target(ofLink path: FilePath) throws(FileSystemError) -> FilePath
  /// The path without links and dots.
  func resolved(_ path: FilePath) throws(FileSystemError) -> FilePath

  /// Makes the directory and its missing parents; an existing one is no error.
  func createDirectory(_ path: FilePath) throws(FileSystemError)
  /// A new file in `directory`; until it is committed its name is random and starts with `.coppice-`. It gets exactly
  /// the bits of `mode`, whatever the umask.
  func create(in directory: FilePath, mode: UInt16) throws(FileSystemError) -> any PendingFile
  /// A new file in `directory` to be written and read, never committed: no end of this process leaves it behind.
  func createUnnamed(in directory: FilePath) throws(FileSystemError) -> any PendingFile
  /// Replaces the file as a whole: temporary name, sync, rename. A link is replaced, not followed.
  func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError)
  /// As `replace`, without syncing: for caches, which a crash may lose.
  func replaceUnsynced(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError)
  /// Appends in one write and syncs; makes the file when it is missing.
  func append(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError)
  /// As `append`, without syncing: for caches, which a crash may tear, and for what is synced later.
  func appendUnsynced(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError)
  /// Makes last what was appended to a file, or what a directory names; and its own name.
  func sync(_ path: FilePath) throws(FileSystemError)
  /// Writes a copy of a regular file at `path`, which must not exist, without syncing it: for files that a crash may lose.
  /// - Returns: the SHA-256 of the bytes that were copied.
  func copy(_ source: FilePath, to path: FilePath, mode: UInt16) throws(FileSystemError) -> Digest
  /// Sets the time of the last modification, in nanoseconds since 1970, of a file itself, links not followed.
  func setModified(_ nanoseconds: Int, of path: FilePath) throws(FileSystemError)
  /// Makes a symbolic link.
  func createLink(_ path: FilePath, to target: FilePath) throws(FileSystemError)
  func hardLink(_ path: FilePath, to existing: FilePath) throws(FileSystemError)
  /// Moves at once, over an existing file; not synced.
  func rename(_ path: FilePath, to newPath: FilePath) throws(FileSystemError)
  /// Follows links.
  func setMode(_ mode: UInt16, of path: FilePath) throws(FileSystemError)
  /// A missing file is no error.
  func remove(_ path: FilePath) throws(FileSystemError)
  /// Removes a directory with all below it, also what is not writable; never follows links nor enters another mount;
  /// a missing one is no error.
  func removeTree(_ path: FilePath) throws(FileSystemError)
  /// An exclusive lock on a file that is made when missing; nil when another holds it and `waiting` is false.
  func lock(_ path: FilePath, waiting: Bool) throws(FileSystemError) -> (any FileLock)?
  /// Free bytes where `path` lies.
  func freeSpace(at path: FilePath) throws(FileSystemError) -> Int
}

extension PendingFile {
  package func write(_ bytes: [UInt8]) throws(FileSystemError) {
    // A closure of the standard library cannot throw our type.
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileSystemError) in try write(buffer) }
    }
    try result.get()
  }

  package func write(_ bytes: [UInt8], at offset: Int) throws(FileSystemError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileSystemError) in try write(buffer, at: offset) }
    }
    try result.get()
  }

  package func beginSync() {}

  package func append(_ range: Range<Int>, of file: any RandomAccessFile) throws(FileSystemError) {
    try file.forEachPiece(of: range) { piece throws(FileSystemError) in try write(piece) }
  }
}

extension FileSystem {
  /// The status of the file itself, or nil when there is none.
  package func statusIfPresent(of path: FilePath, followingLinks: Bool = false) throws(FileSystemError) -> FileStatus? {
    do {
      return try status(of: path, followingLinks: followingLinks)
    } catch {
      if error.reason == .notFound || error.reason == .notADirectory { return nil }
      throw error
    }
  }

  /// The contents, or nil when there is no such file.
  package func contentsIfPresent(of path: FilePath, limit: Int) throws(FileSystemError) -> [UInt8]? {
    do {
      return try contents(of: path, limit: limit)
    } catch {
      if error.reason == .notFound || error.reason == .notADirectory { return nil }
      throw error
    }
  }
}

extension FileSystem {
  package func openAnywhere(_ path: FilePath) throws(FileSystemError) -> any RandomAccessFile {
    MemoryFile(try contents(of: path, limit: .max), path: path)
  }

  package func digest(of path: FilePath) throws(FileSystemError) -> Digest { try hashed(path).digest }

  package func hashed(_ names: [FilePath], in directory: FilePath) -> [Result<HashedFile, FileSystemError>] {
    names.map { name in Result { () throws(FileSystemError) in try hashed(directory / name) } }
  }

  package func createUnnamed(in directory: FilePath) throws(FileSystemError) -> any PendingFile {
    try create(in: directory, mode: 0o600)
  }

  package func replaceUnsynced(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError) {
    try replace(path, with: bytes, mode: mode)
  }

  package func appendUnsynced(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) {
    try append(bytes, to: path)
  }

  package func sync(_ path: FilePath) throws(FileSystemError) { try append([], to: path) }

  package func copy(_ source: FilePath, to path: FilePath, mode: UInt16) throws(FileSystemError) -> Digest {
    let reader = try open(source)
    let file = try create(in: path.parent, mode: mode)
    defer { file.discard() }
    var hasher = SHA256Hasher()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count: Int
      do { count = try reader.read(into: buffer) } catch {
        throw error as? FileSystemError
          ?? FileSystemError(operation: "read", path: source, reason: .other(0), text: "\(error)")
      }
      if count == 0 { break }
      let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      hasher.update(piece)
      try file.write(piece)
    }
    try file.commit(to: path)
    return hasher.finish()
  }
}

extension FilePath {
  /// The path of a directory's entry itself: slashes at its end would make the system follow a link there.
  /// - Throws: EINVAL when it ends in `.` or `..`, which name no entry.
  package func ofEntry(_ operation: String) throws(FileSystemError) -> FilePath {
    guard let last = components.last, last != Array(".".utf8), last != Array("..".utf8) else {
      throw FileSystemError(operation: operation, path: self, reason: .other(22), text: "Invalid argument")
    }
    return FilePath(bytes: bytes.dropLast(bytes.reversed().prefix { $0 == UInt8(ascii: "/") }.count))
  }
}
