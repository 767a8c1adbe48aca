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
  /// Has at most one copy, which writes behind everything else: what comes next waits for it.
  private var copying: OrderedWork<KernelCopy>?
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
    let number = try settled()
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
    guard let range = writeBack(upTo: appended) else { return }
    _ = cs_begin_write_back(number, off_t(range.lowerBound), off_t(range.count))
  }

  /// What the disk is to be told of, if that is enough.
  private func writeBack(upTo end: Int) -> Range<Int>? {
    guard end - begun >= Self.writeBackSize else { return nil }
    defer { begun = end }
    return begun..<end
  }

  func beginSync() {
    // By a description of its own: what goes wrong is told to `commit` all the same.
    guard let file = try? reader() as? PosixRandomAccessFile else { return }
    _ = startThread { _ = fsync(file.file.descriptor.number) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
    let number = try settled()
    var written = 0
    while written < bytes.count {
      let piece = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let place = off_t(offset + written)
      written += try systemCall("write", temporary) { pwrite(number, piece.baseAddress, piece.count, place) }
    }
  }

  func append(_ range: Range<Int>, of file: any RandomAccessFile) throws(FileSystemError) {
    let number = try settled()
    guard let source = file as? PosixRandomAccessFile, range.upperBound <= source.size else {
      return try file.forEachPiece(of: range) { piece throws(FileSystemError) in try write(piece) }
    }
    let work = copying ?? OrderedWork(threads: 1) { { $0.performed() } }
    copying = work
    work.submit(
      KernelCopy(source: source, range: range, to: number, writeBack: writeBack(upTo: appended + range.count)))
  }

  /// The descriptor, once nothing is copied any more.
  private func settled() throws(FileSystemError) -> Int32 {
    guard let number = descriptor?.number else { throw closed }
    guard let copy = copying?.next(waiting: true) else { return number }
    appended += copy.count
    // Between some file systems the kernel does not copy: then we do.
    try copy.source.forEachPiece(of: copy.rest) { piece throws(FileSystemError) in try write(piece) }
    return number
  }

  /// Lets it go with its last reader.
  func removeName() throws(FileSystemError) {
    try PosixFileSystem().remove(temporary)
    hasName = false
  }

  func reader() throws(FileSystemError) -> any RandomAccessFile {
    let number = try settled()
    if !hasName { return try PosixRandomAccessFile(FilePath("/proc/self/fd/\(number)")) }
    return try PosixRandomAccessFile(temporary, O_NOFOLLOW)
  }

  func commit(to path: FilePath) throws(FileSystemError) {
    let number = try settled()
    try systemCall("fsync", temporary) { fsync(number) }
    try rename(to: path)
    try FileDescriptor.syncDirectory(path.parent)
  }

  /// Gives it its final name, which a crash may take away again.
  func rename(to path: FilePath) throws(FileSystemError) {
    _ = try settled()
    try PosixFileSystem().rename(temporary, to: path)
    descriptor = nil
  }

  func discard() {
    guard descriptor != nil else { return }
    // Its number may be another file's as soon as it is closed.
    _ = copying?.next(waiting: true)
    descriptor = nil
    if hasName { try? PosixFileSystem().remove(temporary) }
  }

  private var closed: FileSystemError { FileSystemError("write", temporary, code: EBADF) }
}

/// A range of one file that the kernel appends to another one, while the thread that asked for it goes on.
private struct KernelCopy: Sendable {
  let source: PosixRandomAccessFile
  let range: Range<Int>
  /// Open until it is performed.
  let number: Int32
  /// What the disk is told to write afterwards.
  let writeBack: Range<Int>?
  private(set) var rest: Range<Int>

  init(source: PosixRandomAccessFile, range: Range<Int>, to number: Int32, writeBack: Range<Int>?) {
    (self.source, self.range, self.number, self.writeBack, rest) = (source, range, number, writeBack, range)
  }

  /// How much was copied.
  var count: Int { range.count - rest.count }

  func performed() -> KernelCopy {
    var copy = self
    while !copy.rest.isEmpty {
      let rest = copy.rest
      let (count, code) = uninterrupted {
        cs_copy_file_range(source.file.descriptor.number, off_t(rest.lowerBound), number, rest.count)
      }
      guard code == 0, count > 0 else { break }
      copy.rest = (rest.lowerBound + count)..<rest.upperBound
    }
    if let writeBack { _ = cs_begin_write_back(number, off_t(writeBack.lowerBound), off_t(writeBack.count)) }
    return copy
  }
}
