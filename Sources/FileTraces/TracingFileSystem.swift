package import HostSystem
package import ImageModel

/// A file system that takes down every question and its answer.
///
/// What is computed through it can be kept with `trace`: it holds as long as the trace does. Changes are handed on and
/// make the trace incomplete.
package struct TracingFileSystem: FileSystem {
  private let base: any FileSystem
  private let builder: Locked<TraceBuilder>

  /// - Parameter moment: now, less the margin of the file system's clock, in nanoseconds since 1970.
  package init(_ base: any FileSystem, olderThan moment: Int) {
    self.base = base
    builder = Locked(TraceBuilder(olderThan: moment))
  }

  /// Nil when something was asked that a trace cannot hold.
  package var trace: [UInt8]? { builder.withLock { $0.isIncomplete ? nil : $0.bytes } }

  private func note(_ body: (inout TraceBuilder) -> Void) { builder.withLock(body) }

  /// Notes the status, which the caller's answer rests on.
  private func noted(_ path: FilePath, followingLinks: Bool) throws(FileSystemError) -> FileStatus {
    do {
      let status = try base.status(of: path, followingLinks: followingLinks)
      note { $0.add(stampOf: path, isFollowed: followingLinks, FileStamp(status)) }
      return status
    } catch {
      if let stamp = FileStamp(error.reason) {
        note { $0.add(stampOf: path, isFollowed: followingLinks, stamp) }
      } else {
        note { $0.giveUp() }
      }
      throw error
    }
  }

  /// Hands on what fails for a reason that no trace holds.
  private func unless<Value>(_ body: () throws(FileSystemError) -> Value) throws(FileSystemError) -> Value {
    do {
      return try body()
    } catch {
      note { $0.giveUp() }
      throw error
    }
  }

  // MARK: Questions

  package func status(of path: FilePath, followingLinks: Bool) throws(FileSystemError) -> FileStatus {
    try noted(path, followingLinks: followingLinks)
  }

  package func entries(of directory: FilePath) throws(FileSystemError) -> [DirectoryEntry] {
    try noteNames(of: directory)
    let entries = try unless { () throws(FileSystemError) in try base.entries(of: directory) }
    note { $0.add(entries.map { ($0.name, FileStamp($0.status), nil) }, in: directory) }
    return entries
  }

  package func names(of directory: FilePath) throws(FileSystemError) -> [DirectoryName] {
    try noteNames(of: directory)
    return try unless { () throws(FileSystemError) in try base.names(of: directory) }
  }

  private func noteNames(of directory: FilePath) throws(FileSystemError) {
    do {
      let status = try base.status(of: directory, followingLinks: true)
      note { $0.add(namesOf: directory, status) }
    } catch {
      // Missing: the caller hears it from the listing.
      _ = try? noted(directory, followingLinks: true)
      throw error
    }
  }

  package func contents(of path: FilePath, limit: Int) throws(FileSystemError) -> [UInt8] {
    _ = try noted(path, followingLinks: true)
    return try unless { () throws(FileSystemError) in try base.contents(of: path, limit: limit) }
  }

  package func open(_ path: FilePath) throws(FileSystemError) -> any ByteReader {
    _ = try noted(path, followingLinks: true)
    return try unless { () throws(FileSystemError) in try base.open(path) }
  }

  package func openAnywhere(_ path: FilePath) throws(FileSystemError) -> any RandomAccessFile {
    _ = try noted(path, followingLinks: true)
    return try unless { () throws(FileSystemError) in try base.openAnywhere(path) }
  }

  package func hashed(_ path: FilePath) throws(FileSystemError) -> HashedFile {
    let file: HashedFile
    do {
      file = try base.hashed(path)
    } catch {
      _ = try noted(path, followingLinks: false)
      note { $0.giveUp() }
      throw error
    }
    note { $0.add(stampOf: path, isFollowed: false, FileStamp(file.status), file.digest) }
    return file
  }

  package func hashed(_ names: [FilePath], in directory: FilePath) -> [Result<HashedFile, FileSystemError>] {
    let files = base.hashed(names, in: directory)
    let read = zip(names, files).compactMap { name, file in
      (try? file.get()).map { (name, FileStamp($0.status), $0.digest as Digest?) }
    }
    note { builder in
      builder.add(read, in: directory)
      if read.count < names.count { builder.giveUp() }
    }
    return files
  }

  package func target(ofLink path: FilePath) throws(FileSystemError) -> FilePath {
    _ = try noted(path, followingLinks: false)
    return try unless { () throws(FileSystemError) in try base.target(ofLink: path) }
  }

  package func resolved(_ path: FilePath) throws(FileSystemError) -> FilePath {
    do {
      let target = try base.resolved(path)
      note { $0.add(resolved: path, to: target) }
      return target
    } catch {
      if error.reason == .notFound || error.reason == .notADirectory {
        note { $0.add(resolved: path, to: nil) }
      } else {
        note { $0.giveUp() }
      }
      throw error
    }
  }

  /// A digest that was known already belongs to the trace too, so that it can be known again.
  package func note(_ digest: Digest, of path: FilePath) { note { $0.add(digest: digest, of: path) } }

  package func check(_ traces: [FileTrace]) -> [TraceCheck] {
    note { $0.giveUp() }
    return base.check(traces)
  }

  package func mapped(_ path: FilePath) throws(FileSystemError) -> FileBytes? {
    _ = try? noted(path, followingLinks: true)
    return try unless { () throws(FileSystemError) in try base.mapped(path) }
  }

  package func freeSpace(at path: FilePath) throws(FileSystemError) -> Int {
    note { $0.giveUp() }
    return try base.freeSpace(at: path)
  }

  // MARK: Changes

  private func changing() -> any FileSystem {
    note { $0.giveUp() }
    return base
  }

  package func createDirectory(_ path: FilePath) throws(FileSystemError) { try changing().createDirectory(path) }
  package func create(in directory: FilePath, mode: UInt16) throws(FileSystemError) -> any PendingFile {
    try changing().create(in: directory, mode: mode)
  }
  package func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError) {
    try changing().replace(path, with: bytes, mode: mode)
  }
  package func append(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) {
    try changing().append(bytes, to: path)
  }
  package func setModified(_ nanoseconds: Int, of path: FilePath) throws(FileSystemError) {
    try changing().setModified(nanoseconds, of: path)
  }
  package func createLink(_ path: FilePath, to target: FilePath) throws(FileSystemError) {
    try changing().createLink(path, to: target)
  }
  package func hardLink(_ path: FilePath, to existing: FilePath) throws(FileSystemError) {
    try changing().hardLink(path, to: existing)
  }
  package func rename(_ path: FilePath, to newPath: FilePath) throws(FileSystemError) {
    try changing().rename(path, to: newPath)
  }
  package func setMode(_ mode: UInt16, of path: FilePath) throws(FileSystemError) {
    try changing().setMode(mode, of: path)
  }
  package func remove(_ path: FilePath) throws(FileSystemError) { try changing().remove(path) }
  package func removeTree(_ path: FilePath) throws(FileSystemError) { try changing().removeTree(path) }
  package func lock(_ path: FilePath, waiting: Bool) throws(FileSystemError) -> (any FileLock)? {
    try changing().lock(path, waiting: waiting)
  }
}
