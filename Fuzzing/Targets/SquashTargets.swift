import HostSystem
import ImageModel
import SquashFS

extension FuzzTarget {
  /// An image is refused or read, twice the same; what was verified can be read to the end.
  static let squashfs = FuzzTarget("squashfs", share: 8) { bytes in
    struct Enough: Error {}
    func read() throws -> (text: [String], fault: String?) {
      var (lines, total) = ([String](), 0)
      do {
        let reader = try SquashfsReader(MemorySource(FileBytes(bytes)), name: "image")
        try reader.forEachEntry { entry in
          lines.append("\(entry.path) \(entry.inode.mode) \(try reader.attributes(of: entry.inode))")
          guard case .file(let file) = entry.inode.kind else { return }
          var (count, hasher) = (0, SHA256Hasher())
          try reader.forEachPiece(of: file) { piece in
            hasher.update(piece)
            (count, total) = (count + piece.count, total + piece.count)
            if total > 1 << 24 { throw Enough() }
          }
          try require(count == file.size, "\(count) bytes of \(file.size)")
          lines.append(hasher.finish().hex)
        }
      } catch let failure as Failure {
        return (lines, failure.message)
      } catch is Enough {
        return (lines, nil)
      }
      return (lines, nil)
    }
    let (first, second) = (try read(), try read())
    try require(first.text == second.text && first.fault == second.fault, "an image is read otherwise the second time")
    if (try? SquashfsReader(MemorySource(FileBytes(bytes)), name: "image").verify()) != nil {
      try require(first.fault == nil, "an image was verified: \(first.fault ?? "")")
    }
  }
}

extension FuzzTarget {
  /// A map of blocks as a disk may have damaged it, or with a right checksum: none, or one that reads as it was written; what
  /// is taken by it is what was written there, or nothing is.
  static let blocks = FuzzTarget("blocks", share: 8) { bytes in
    try require(BlockMap(FileBytes(bytes)).map { $0.encoded == bytes } != false, "a map is written otherwise")
    let body = bytes.dropLast(32)
    guard let map = BlockMap(FileBytes(Array(body) + Digest.sha256(body).bytes)) else { return }
    try require(BlockMap(FileBytes(map.encoded)) == map, "a map is read otherwise the second time")
    final class Nowhere: SquashfsSink {
      func append(_ bytes: UnsafeRawBufferPointer, digest: Digest?, isTaken: Bool) {}
      func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) {}
    }
    var options = SquashfsWriter.Options()
    (options.compression, options.threads) = (.gzip(level: 1), 1)
    let earlier = EarlierImage(MemorySource(FileBytes(bytes)), map)
    let writer = try SquashfsWriter(to: Nowhere(), options: options, reusing: [earlier])
    var tree = SquashfsTree(root: .init(mode: 0o755))
    do {
      for (number, content) in map.knownContents.prefix(100).enumerated() where content.size < 1 << 30 {
        // Of two contents with one digest, as no writer notes them, one counts.
        guard let known = try writer.file(content.digest, size: content.size) else { continue }
        try tree.add(.file(known), .init(mode: 0o644), named: "\(number)".utf8)
      }
      _ = try writer.finish(tree)
    } catch is EarlierImageFault {}
  }
}
