internal import Glibc
internal import ImageModel

/// Hashes files, one after the other, with one buffer.
final class FileHasher {
  private static let size = 128 << 10
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: FileHasher.size, alignment: 64)

  deinit { buffer.deallocate() }

  /// - Parameter directory: descriptor of the directory where a relative path starts.
  func hashed(_ path: FilePath, at directory: Int32) throws(FileSystemError) -> HashedFile {
    for _ in 0..<5 {
      // Opened anew, since another file may have its name by now.
      let file = try RegularFile(opening: path, O_NOFOLLOW, at: directory)
      let digest = try digest(of: file, path)
      if try file.descriptor.status(path) == file.status { return HashedFile(status: file.status, digest: digest) }
    }
    throw FileSystemError(operation: "read", path: path, reason: .unsteady, text: "It changes while it is read")
  }

  private func digest(of file: borrowing RegularFile, _ path: FilePath) throws(FileSystemError) -> Digest {
    var hasher = SHA256Hasher()
    var total = 0
    while true {
      let count = try file.descriptor.read(into: buffer, path)
      hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      total += count
      // A short read that gives the last known byte is the end; asking once more would cost as much as the file.
      if count == 0 || total == file.status.size && count < buffer.count { return hasher.finish() }
    }
  }
}
