internal import Glibc
internal import ImageModel

/// Reads a regular file at any place.
final class PosixRandomAccessFile: RandomAccessFile {
  let file: RegularFile
  let path: FilePath

  init(_ path: FilePath, _ flags: Int32 = 0) throws(FileSystemError) {
    file = try RegularFile(opening: path, flags)
    self.path = path
  }

  var size: Int { file.size }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) -> Int {
    try systemCall("read", path) { pread(file.descriptor.number, buffer.baseAddress, buffer.count, off_t(offset)) }
  }
}
