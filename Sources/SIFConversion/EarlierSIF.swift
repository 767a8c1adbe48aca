package import HostSystem
internal import ImageModel
internal import SIFFormat
internal import SquashFS

/// A SIF from which blocks are taken, that of a parent or an older one of the same image: what it has need not be
/// compressed again.
package struct EarlierSIF: Sendable {
  private let file: any RandomAccessFile
  private let blocks: FileBytes

  /// - Parameter blocks: the `blockMap` of the conversion that made it.
  package init(_ file: any RandomAccessFile, blocks: FileBytes) { (self.file, self.blocks) = (file, blocks) }

  /// Nil when nothing can be had of it.
  var image: EarlierImage? {
    guard let map = BlockMap(blocks), let partition = (try? SIFImage(reading: file))?.primaryPartition else {
      return nil
    }
    return EarlierImage(FilePart(file: file, range: partition.range), map)
  }
}

/// A file system as it lies in a SIF.
struct FilePart: SquashfsSource {
  let file: any RandomAccessFile
  let range: Range<Int>

  var size: Int { range.count }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try file.read(at: range.lowerBound + offset + done, into: rest)
      if count == 0 { throw Failure("\(file.path) has become shorter") }
      done += count
    }
  }
}
