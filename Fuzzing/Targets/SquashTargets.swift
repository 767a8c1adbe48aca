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
