internal import ImageModel

/// Reads a regular file from its beginning to its end.
final class PosixFileReader: ByteReader {
  private let file: RegularFile
  private let path: FilePath

  init(_ file: consuming RegularFile, _ path: FilePath) {
    self.file = file
    self.path = path
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try file.descriptor.read(into: buffer, path) }
}
