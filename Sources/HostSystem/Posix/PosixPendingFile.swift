internal import CSys
internal import Glibc
internal import ImageModel

/// A file under a random name in the directory of its final one, so that the last rename stays on one file system.
///
/// It is locked as long as it is open, by which `removeAbandoned` knows that somebody writes it.
final class PosixPendingFile: PendingFile {
  /// Nil after `commit` and `discard`.
  private var descriptor: FileDescriptor?
  private let temporary: FilePath
  private var hasName = true
  /// How much was appended, and how much of that the disk was told to write.
  private var (appended, begun) = (0, 0)
  /// So much is left to the kernel: small files are not worth a call.
  private static let writeBackSize = 16 << 20

  init(in directory: FilePath, mode: UInt16) throws(FileSystemError) {
    var random = SystemRandomNumberGenerator()
    while true {
      let path = directory / FilePath(".coppice-" + String(random.next(), radix: 36))
      do {
        let file = try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        guard Self.lock(file) else { continue }
        descriptor = consume file
        temporary = path
        break
      } catch {
        if error.reason != .exists { throw error }
      }
    }
    do throws(FileSystemError) {
      guard let number = descriptor?.number else { throw closed }
      // Not left to the umask: what a file's bits say must not depend on who builds.
      try systemCall("chmod", temporary) { fchmod(number, mode_t(mode)) }
    } catch {
      discard()
      throw error
    }
  }

  deinit { discard() }

  /// False when somebody took the new file for an abandoned one.
  private static func lock(_ file: borrowing FileDescriptor) -> Bool {
    let number = file.number
    // Some file systems have no locks: nobody removes anything there.
    if uninterrupted({ flock(number, LOCK_EX | LOCK_NB) }).code == EWOULDBLOCK { return false }
    var status = stat()
    return fstat(number, &status) != 0 || status.st_nlink > 0
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileSystemError) {
    guard let number = descriptor?.number else { throw closed }
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let count = try systemCall("write", temporary) { Glibc.write(number, piece.baseAddress, piece.count) }
      rest = rest.dropFirst(count)
    }
    appended += bytes.count
    beginWriteBack(number)
  }

  /// Lets the disk write while more is made, so that `commit` waits for the last bytes alone; a hint that may fail.
  private func beginWriteBack(_ number: Int32) {
    guard appended - begun >= Self.writeBackSize else { return }
    _ = cs_begin_write_back(number, off_t(begun), off_t(appended - begun))
    begun = appended
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
    guard let number = descriptor?.number else { throw closed }
    var written = 0
    while written < bytes.count {
      let piece = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let place = off_t(offset + written)
      written += try systemCall("write", temporary) { pwrite(number, piece.baseAddress, piece.count, place) }
    }
  }

  func append(_ range: Range<Int>, of file: any RandomAccessFile) throws(FileSystemError) {
    guard let number = descriptor?.number else { throw closed }
    var rest = range
    if let source = file as? PosixRandomAccessFile {
      while !rest.isEmpty {
        let (count, code) = uninterrupted {
          cs_copy_file_range(source.file.descriptor.number, off_t(rest.lowerBound), number, rest.count)
        }
        // Between some file systems the kernel does not copy: then we do.
        guard code == 0, count > 0 else { break }
        rest = (rest.lowerBound + count)..<rest.upperBound
        appended += count
        beginWriteBack(number)
      }
    }
    try file.forEachPiece(of: rest) { piece throws(FileSystemError) in try write(piece) }
  }

  /// Lets it go with its last reader.
  func removeName() throws(FileSystemError) {
    try PosixFileSystem().remove(temporary)
    hasName = false
  }

  func reader() throws(FileSystemError) -> any RandomAccessFile {
    guard let number = descriptor?.number else { throw closed }
    if !hasName { return try PosixRandomAccessFile(FilePath("/proc/self/fd/\(number)")) }
    return try PosixRandomAccessFile(temporary, O_NOFOLLOW)
  }

  func commit(to path: FilePath) throws(FileSystemError) {
    guard let number = descriptor?.number else { throw closed }
    try systemCall("fsync", temporary) { fsync(number) }
    try rename(to: path)
    try FileDescriptor.syncDirectory(path.parent)
  }

  /// Gives it its final name, which a crash may take away again.
  func rename(to path: FilePath) throws(FileSystemError) {
    try PosixFileSystem().rename(temporary, to: path)
    descriptor = nil
  }

  func discard() {
    guard descriptor != nil else { return }
    descriptor = nil
    if hasName { try? PosixFileSystem().remove(temporary) }
  }

  private var closed: FileSystemError { FileSystemError("write", temporary, code: EBADF) }
}
