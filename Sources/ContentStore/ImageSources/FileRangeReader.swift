internal import HostSystem

/// Reads a range of a file from its beginning to its end.
final class FileRangeReader: SeekingReader {
  private let file: any RandomAccessFile
  private let end: Int
  /// From the start of the file.
  private(set) var offset: Int

  /// - Precondition: the range lies in the file.
  init(_ file: any RandomAccessFile, _ range: Range<Int>) {
    self.file = file
    (offset, end) = (range.lowerBound, range.upperBound)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let wanted = min(buffer.count, end - offset)
    if wanted == 0 { return 0 }
    let count = try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    offset += count
    return count
  }

  func skip(_ count: Int) -> Int {
    let skipped = min(count, end - offset)
    offset += skipped
    return skipped
  }
}
