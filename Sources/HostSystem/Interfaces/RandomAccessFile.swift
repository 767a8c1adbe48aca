package import ImageModel

/// A regular file open for reading at any place.
package protocol RandomAccessFile: AnyObject, Sendable {
  var path: FilePath { get }
  /// In bytes, when it was opened.
  var size: Int { get }
  /// Reads at most `buffer.count` bytes from `offset`; fewer only at the end.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileSystemError) -> Int
}

extension RandomAccessFile {
  /// Calls `body` with each piece of a range, in order.
  /// - Throws: when the file ends before the range does.
  package func forEachPiece(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(FileSystemError) -> Void
  ) throws(FileSystemError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(1 << 20, max(1, range.count)), alignment: 4096)
    defer { buffer.deallocate() }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, range.upperBound - offset)])
      let count = try read(at: offset, into: wanted)
      if count == 0 {
        throw FileSystemError(
          operation: "read", path: path, reason: .other(0),
          text: "The file ends at byte \(offset) of \(range.upperBound)")
      }
      try body(UnsafeRawBufferPointer(rebasing: wanted[..<count]))
      offset += count
    }
  }

  /// - Throws: when the file ends before the range does.
  package func bytes(_ range: Range<Int>) throws(FileSystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    try forEachPiece(of: range) { piece throws(FileSystemError) in bytes.append(contentsOf: piece) }
    return bytes
  }
}

/// Bytes in memory, read as a file.
package final class MemoryFile: RandomAccessFile {
  package let path: FilePath
  private let contents: [UInt8]

  package init(_ contents: [UInt8], path: FilePath) {
    self.contents = contents
    self.path = path
  }

  package var size: Int { contents.count }

  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard contents.indices.contains(offset) else { return 0 }
    let piece = contents[offset...].prefix(buffer.count)
    buffer.copyBytes(from: piece)
    return piece.count
  }
}
