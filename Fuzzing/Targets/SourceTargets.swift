import HostSystem
import ImageModel
import TestSupport

@testable import ContentStore

extension FuzzTarget {
  /// The documents of a layout, one behind the other with zeros between them, the index first; `@3` stands for the digest and
  /// the size of the third. Whatever they say: an image whose config and layers fit, or a fault that helps.
  static let layout = FuzzTarget("layout") { bytes in
    let files = MemoryFiles(documents: bytes)
    for name in [nil, "app:1"] {
      do {
        let image = try files.image(named: name, platform: nil)
        let config = try ImageConfig(image.config)
        try require(config.diffIDs == image.layers.reversed().map(\.diffID), "layers that the config does not name")
        for layer in image.layers { _ = try layer.open() }
      } catch let failure as Failure {
        try require(failure.help != nil && !failure.message.isEmpty, "no help: \(failure.message)")
      }
    }
  }

  /// An archive of any bytes, its headers' checksums made right: what is found in it lies in it.
  static let imagefile = FuzzTarget("imagefile") { bytes in
    let bytes = signing(bytes)
    do {
      let archive = try ImageArchive(MemoryFile(bytes, path: "/a.tar"), name: "archive")
      let image = try archive.image(named: nil, platform: nil)
      for layer in image.layers {
        var count = 0
        try layer.open().forEachPiece { count += $0.count }
        try require(count <= bytes.count, "a layer is larger than its archive")
      }
    } catch is Failure {}
  }
}

private struct MemoryFiles: ImageFiles {
  let name = "layout"
  private var files: [String: [UInt8]] = [:]

  init(documents bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 8, omittingEmptySubsequences: false)
    var members: [Int: [UInt8]] = [:]
    for (index, part) in parts.enumerated().reversed() {
      var document: [UInt8] = []
      var rest = part[...]
      while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "@"), let digit = rest.first, let text = members[Int(digit) - 0x30] {
          document += text
          rest.removeFirst()
        } else {
          document.append(byte)
        }
      }
      let digest = Digest.sha256(document)
      members[index] = Array(#""digest":"\#(digest)","size":\#(document.count)"#.utf8)
      files[index == 0 ? "index.json" : "blobs/sha256/" + digest.hex] = document
    }
  }

  func size(of path: String) -> Int? { files[path]?.count }

  func open(_ path: String) throws -> any ByteReader {
    guard let bytes = files[path] else { throw Violation("\(path) is opened and not there") }
    return BytesReader(bytes)
  }
}
