internal import Glibc
package import ImageModel

extension PosixFileSystem {
  package func createDirectory(_ path: FilePath) throws(FileSystemError) {
    do {
      try makeDirectory(path)
    } catch {
      guard error.reason == .notFound, !path.parent.isEmpty, path.parent != path else { throw error }
      try createDirectory(path.parent)
      try makeDirectory(path)
    }
  }

  private func makeDirectory(_ path: FilePath) throws(FileSystemError) {
    do {
      try systemCall("mkdir", on: path) { mkdir($0, 0o777) }
    } catch {
      // A read-only file system or parent may say so before it says that the directory is there.
      guard error.reason == .exists || error.reason == .readOnly || error.reason == .notPermitted,
        try statusIfPresent(of: path, followingLinks: true)?.kind == .directory
      else { throw error }
    }
  }

  package func create(in directory: FilePath, mode: UInt16) throws(FileSystemError) -> any PendingFile {
    try PosixPendingFile(in: directory, mode: mode)
  }

  package func createUnnamed(in directory: FilePath) throws(FileSystemError) -> any PendingFile {
    let file = try PosixPendingFile(in: directory, mode: 0o600)
    try file.removeName()
    return file
  }

  package func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError) {
    let file = try PosixPendingFile(in: path.parent, mode: mode)
    defer { file.discard() }
    try file.write(bytes)
    try file.commit(to: path)
  }

  package func replaceUnsynced(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError) {
    let file = try PosixPendingFile(in: path.parent, mode: mode)
    defer { file.discard() }
    try file.write(bytes)
    try file.rename(to: path)
  }

  package func append(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) {
    let existed = try statusIfPresent(of: path, followingLinks: true) != nil
    let descriptor = try appended(bytes, to: path)
    let number = descriptor.number
    try systemCall("fdatasync", path) { fdatasync(number) }
    if !existed { try FileDescriptor.syncDirectory(path.parent) }
  }

  package func appendUnsynced(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) {
    _ = try appended(bytes, to: path)
  }

  package func sync(_ path: FilePath) throws(FileSystemError) {
    let descriptor = try FileDescriptor(opening: path, O_RDONLY | O_NOCTTY)
    let number = descriptor.number
    try systemCall("fdatasync", path) { fdatasync(number) }
    try FileDescriptor.syncDirectory(path.parent)
  }

  private func appended(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) -> FileDescriptor {
    let flags = O_WRONLY | O_APPEND | O_NOCTTY
    let descriptor = try FileDescriptor(opening: path, flags | O_CREAT, mode: 0o666)
    let number = descriptor.number
    let count = try systemCall("write", path) { write(number, bytes, bytes.count) }
    // A regular file takes less than all only when there is no room for the rest.
    if count < bytes.count { throw FileSystemError("write", path, code: ENOSPC) }
    return descriptor
  }

  package func copy(_ source: FilePath, to path: FilePath, mode: UInt16) throws(FileSystemError) -> Digest {
    let input = try RegularFile(opening: source)
    let output = try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    let number = output.number
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    defer { buffer.deallocate() }
    var hasher = SHA256Hasher()
    while true {
      let count = try input.descriptor.read(into: buffer, source)
      if count == 0 { break }
      hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      var written = 0
      while written < count {
        written += try systemCall("write", path) {
          write(number, buffer.baseAddress.map { $0 + written }, count - written)
        }
      }
    }
    // Not by the mode of creation: the umask would take bits away.
    try systemCall("chmod", path) { Int(fchmod(number, mode_t(mode))) }
    return hasher.finish()
  }

  package func setModified(_ nanoseconds: Int, of path: FilePath) throws(FileSystemError) {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let time = timespec(tv_sec: rest < 0 ? seconds - 1 : seconds, tv_nsec: rest < 0 ? rest + 1_000_000_000 : rest)
    let times = [time, time]
    try systemCall("utimensat", on: path) { utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }
  }

  package func createLink(_ path: FilePath, to target: FilePath) throws(FileSystemError) {
    try callWithTwo("symlink", path, target) { symlink($1, $0) }
  }

  package func hardLink(_ path: FilePath, to existing: FilePath) throws(FileSystemError) {
    try callWithTwo("link", path, existing) { linkat(AT_FDCWD, $1, AT_FDCWD, $0, 0) }
  }

  package func rename(_ path: FilePath, to newPath: FilePath) throws(FileSystemError) {
    try callWithTwo("rename", path, newPath) { Glibc.rename($0, $1) }
  }

  package func setMode(_ mode: UInt16, of path: FilePath) throws(FileSystemError) {
    try systemCall("chmod", on: path) { chmod($0, mode_t(mode)) }
  }

  package func remove(_ path: FilePath) throws(FileSystemError) {
    do {
      try systemCall("unlink", on: path) { unlink($0) }
    } catch {
      if error.reason != .notFound && error.reason != .notADirectory { throw error }
    }
  }

  package func removeTree(_ path: FilePath) throws(FileSystemError) {
    let path = try path.ofEntry("rmdir")
    guard let status = try statusIfPresent(of: path) else { return }
    guard status.kind == .directory else { return try remove(path) }
    try TreeRemoval.remove(path)
  }

  private func callWithTwo(
    _ operation: String, _ first: FilePath, _ second: FilePath,
    _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
  ) throws(FileSystemError) {
    if second.bytes.contains(0) { throw FileSystemError(operation, second, code: EINVAL) }
    let other = second.bytes.map { CChar(bitPattern: $0) } + [0]
    try systemCall(operation, on: first) { body($0, other) }
  }
}
