package import HostSystem
internal import ImageModel

/// An image within a file.
package struct FileSource: SquashfsSource {
  private let file: any RandomAccessFile
  private let range: Range<Int>

  /// - Precondition: the range lies in the file.
  package init(_ file: any RandomAccessFile, range: Range<Int>) { (self.file, self.range) = (file, range) }

  package var size: Int { range.count }

  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try file.read(at: range.lowerBound + offset + done, into: rest)
      guard count > 0 else { throw Failure("\(file.path) became shorter while it was read") }
      done += count
    }
  }
}
