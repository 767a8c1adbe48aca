internal import Glibc
internal import ImageModel

/// A file under a random name in the directory of its final one, so that the last rename stays on one file system.
final class PosixPendingFile: PendingFile {
  /// Nil after `commit` and `discard`.
  private var descriptor: FileDescriptor?
  private let temporary: FilePath

  init(in directory: FilePath, mode: UInt16) throws(FileSystemError) {
    var random = SystemRandomNumberGenerator()
    while true {
      let path = directory / FilePath(".coppice-" + String(random.next(), radix: 36))
      do {
        descriptor = try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
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

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileSystemError) {
    guard let number = descriptor?.number else { throw closed }
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let count = try systemCall("write", temporary) { Glibc.write(number, piece.baseAddress, piece.count) }
      rest = rest.dropFirst(count)
    }
  }

  func commit(to path: FilePath) throws(FileSystemError) {
    guard let number = descriptor?.number else { throw closed }
    try systemCall("fsync", temporary) { fsync(number) }
    try PosixFileSystem().rename(temporary, to: path)
    descriptor = nil
    try FileDescriptor.syncDirectory(path.parent)
  }

  func discard() {
    guard descriptor != nil else { return }
    descriptor = nil
    try? PosixFileSystem().remove(temporary)
  }

  private var closed: FileSystemError { FileSystemError("write", temporary, code: EBADF) }
}
