internal import Glibc
internal import ImageModel

/// An open file of this process; closed when it goes.
struct FileDescriptor: ~Copyable {
  let number: Int32

  /// Takes over an open descriptor.
  init(owning number: Int32) { self.number = number }

  init(
    opening path: FilePath, _ flags: Int32, mode: mode_t = 0, at directory: Int32 = AT_FDCWD
  ) throws(FileSystemError) {
    number = try systemCall("open", on: path) { openat(directory, $0, flags | O_CLOEXEC, mode) }
  }

  deinit { close(number) }

  func status(_ path: FilePath) throws(FileSystemError) -> FileStatus {
    var status = stat()
    try systemCall("fstat", path) { fstat(number, &status) }
    return FileStatus(status)
  }

  /// At most `buffer.count` bytes; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer, _ path: FilePath) throws(FileSystemError) -> Int {
    try systemCall("read", path) { Glibc.read(number, buffer.baseAddress, buffer.count) }
  }

  /// Makes the names in a directory last; a file system that cannot sync directories is no error.
  static func syncDirectory(_ path: FilePath) throws(FileSystemError) {
    let directory = try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY)
    let code = uninterrupted { fsync(directory.number) }.code
    if code != 0 && code != EINVAL && code != ENOTSUP { throw FileSystemError("fsync", path, code: code) }
  }
}

/// A regular file open for reading.
struct RegularFile: ~Copyable {
  let descriptor: FileDescriptor
  /// When it was opened.
  let status: FileStatus
  /// 0 also for files that do not tell, as those of /proc.
  var size: Int { status.size }

  /// Refuses what is not a regular file, without waiting for the other end of a FIFO.
  init(opening path: FilePath, _ flags: Int32 = 0, at directory: Int32 = AT_FDCWD) throws(FileSystemError) {
    let descriptor = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags, at: directory)
    let status = try descriptor.status(path)
    switch status.kind {
    case .regular: break
    case .directory: throw FileSystemError("open", path, code: EISDIR)
    default:
      throw FileSystemError(operation: "open", path: path, reason: .other(EINVAL), text: "Not a regular file")
    }
    self.descriptor = descriptor
    self.status = status
  }
}

extension FileStatus {
  init(_ status: stat) {
    let kind: Kind =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFLNK: .symbolicLink
      case S_IFIFO: .fifo
      case S_IFSOCK: .socket
      case S_IFCHR: .characterDevice
      case S_IFBLK: .blockDevice
      default: .regular
      }
    self.init(
      kind: kind, mode: UInt16(status.st_mode & 0o7777), device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
      size: Int(status.st_size), modified: Self.nanoseconds(status.st_mtim), changed: Self.nanoseconds(status.st_ctim))
  }

  /// Wraps around for times outside of the years 1678 to 2262, which a hostile archive may set.
  private static func nanoseconds(_ time: timespec) -> Int {
    Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }
}
