internal import Glibc
package import ImageModel

/// The disk of this machine.
package struct PosixFileSystem: FileSystem {
  package init() {}

  package func status(of path: FilePath, followingLinks: Bool) throws(FileSystemError) -> FileStatus {
    var status = stat()
    try systemCall("stat", on: path) { followingLinks ? stat($0, &status) : lstat($0, &status) }
    return FileStatus(status)
  }

  package func entries(of directory: FilePath) throws(FileSystemError) -> [DirectoryEntry] {
    let descriptor = try FileDescriptor(opening: directory, O_RDONLY | O_DIRECTORY)
    let listing = try DirectoryListing(of: descriptor, directory)
    let number = descriptor.number
    var entries: [DirectoryEntry] = []
    entries.reserveCapacity(listing.count)
    var status = stat()
    for index in 0..<listing.count {
      let code = uninterrupted {
        listing.withName(index) { fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) }
      }.code
      if code == ENOENT { continue }  // removed since it was listed
      let name = listing.name(index)
      guard code == 0 else { throw FileSystemError("stat", directory / name, code: code) }
      entries.append(DirectoryEntry(name: name, status: FileStatus(status)))
    }
    return entries
  }

  package func contents(of path: FilePath, limit: Int) throws(FileSystemError) -> [UInt8] {
    let file = try RegularFile(opening: path)
    let tooLarge = FileSystemError(
      operation: "read", path: path, reason: .tooLarge, text: "Larger than \(limit) bytes")
    if file.size > limit { throw tooLarge }
    // One byte more shows the end without another call, or that the file has grown (those of /proc have size 0).
    var bytes = [UInt8](repeating: 0, count: file.size + 1)
    var count = 0
    while true {
      if count == bytes.count { bytes.append(contentsOf: repeatElement(0, count: max(4096, count))) }
      let (read, code) = bytes.withUnsafeMutableBytes { buffer in
        uninterrupted {
          Glibc.read(file.descriptor.number, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        }
      }
      guard code == 0 else { throw FileSystemError("read", path, code: code) }
      if read == 0 { break }
      count += read
      if count > limit { throw tooLarge }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  package func open(_ path: FilePath) throws(FileSystemError) -> any ByteReader {
    let file = try RegularFile(opening: path)
    _ = posix_fadvise(file.descriptor.number, 0, 0, POSIX_FADV_SEQUENTIAL)
    return PosixFileReader(file, path)
  }

  package func openAnywhere(_ path: FilePath) throws(FileSystemError) -> any RandomAccessFile {
    try PosixRandomAccessFile(path)
  }

  package func hashed(_ path: FilePath) throws(FileSystemError) -> HashedFile {
    try FileHasher().hashed(path, at: AT_FDCWD)
  }

  package func hashed(_ names: [FilePath], in directory: FilePath) -> [Result<HashedFile, FileSystemError>] {
    // From the directory on: a long path for each would be looked up name by name.
    let opened = Result { () throws(FileSystemError) in
      try systemCall("open", on: directory) { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }
    switch opened {
    case .failure(let error): return names.map { _ in .failure(error) }
    case .success(let number):
      let descriptor = FileDescriptor(owning: number)
      let hasher = FileHasher()
      return names.map { name in
        Result { () throws(FileSystemError) in
          do throws(FileSystemError) {
            return try hasher.hashed(name, at: descriptor.number)
          } catch {
            throw FileSystemError(
              operation: error.operation, path: directory / name, reason: error.reason, text: error.text)
          }
        }
      }
    }
  }

  package func target(ofLink path: FilePath) throws(FileSystemError) -> FilePath {
    var size = 256
    while true {
      let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
      defer { buffer.deallocate() }
      let count = try systemCall("readlink", on: path) { readlink($0, buffer, size) }
      if count < size { return FilePath(bytes: UnsafeRawBufferPointer(start: buffer, count: count)) }
      size *= 2
    }
  }

  package func resolved(_ path: FilePath) throws(FileSystemError) -> FilePath {
    var resolved = FilePath(bytes: [])
    try systemCall("realpath", on: path) {
      guard let text = realpath($0, nil) else { return -1 }
      defer { free(text) }
      resolved = FilePath(bytes: UnsafeRawBufferPointer(start: text, count: strlen(text)))
      return 0
    }
    return resolved
  }

  package func freeSpace(at path: FilePath) throws(FileSystemError) -> Int {
    var status = statvfs()
    try systemCall("statvfs", on: path) { statvfs($0, &status) }
    // A file system without limits reports more than fits.
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }

  package func lock(_ path: FilePath, waiting: Bool) throws(FileSystemError) -> (any FileLock)? {
    while true {
      let descriptor = try FileDescriptor(opening: path, O_RDWR | O_CREAT | O_NOCTTY, mode: 0o666)
      let code = uninterrupted { flock(descriptor.number, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) }.code
      if code == EWOULDBLOCK { return nil }
      guard code == 0 else { throw FileSystemError("flock", path, code: code) }
      // The file may have been replaced while we waited: then this lock excludes nobody.
      let mine = try descriptor.status(path)
      let current = try statusIfPresent(of: path, followingLinks: true)
      if mine.inode == current?.inode && mine.device == current?.device { return PosixFileLock(descriptor) }
    }
  }
}
