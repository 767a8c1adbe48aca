import HostSystem
import ImageModel
import TestSupport

@testable import ContentStore

extension FuzzTarget {
  /// Layers of any bytes, as many as the first byte says: a refusal or a tree as a file system can hold it, the same
  /// from the layers' indexes.
  static let root = FuzzTarget("root") { bytes in
    let layers = layers(bytes)
    var limits = RootLimits()
    (limits.entries, limits.names, limits.holes) = (5000, 1 << 20, 1 << 20)
    let sink = CountingSink()
    let tree: RootTree
    do {
      tree = try MergedRoot(layers: layers.map { source($0, pieceSize: .max) }, limits: limits).read(into: sink)
    } catch let failure as Failure {
      return try require(failure.message.hasPrefix("layer") && failure.help != nil, failure.message)
    }
    try check(tree, sink)
    let again = CountingSink()
    let same = try MergedRoot(layers: layers.map { source($0, pieceSize: 97) }, limits: limits).read(into: again)
    try require(same == tree && again.sizes == sink.sizes, "short reads give another tree")
    let indexed = try layers.map { layer in
      var index = LayerIndex()
      _ = try LayerListing(ofTar: BytesReader(layer), name: "layer", limit: 1 << 22) { index.append($0, content: $1) }
      let read = try required(LayerIndex(index.bytes), "an index cannot be read back")
      var source = source(layer, pieceSize: .max)
      source.index = { read }
      return source
    }
    for isKnowing in [true, false] {
      let sink = CountingSink(isKnowing: isKnowing)
      let computed = try MergedRoot(layers: indexed, limits: limits).read(into: sink)
      try require(computed == tree && sink.sizes == again.sizes, "the indexes give another tree")
    }
  }

  /// A layer that is packed in any way, of which only the digest is known.
  static let layer = FuzzTarget("layer", share: 8) { bytes in
    func read(_ pieceSize: Int) throws -> (Digest?, String) {
      var hasher = SHA256Hasher()
      let layer = LayerSource(name: "layer", blob: .sha256(bytes), diffID: .sha256("")) {
        BytesReader(bytes, pieceSize: pieceSize)
      }
      let stream = try LayerStream(layer, limit: 1 << 22)
      do {
        var buffer: [UInt8] = []
        while true {
          let count = try stream.exchange(&buffer)
          if count == 0 { return (hasher.finish(), "") }
          buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
      } catch let failure as Failure {
        try require(failure.message.hasPrefix("layer"), failure.message)
        return (nil, failure.message)
      }
    }
    try require(try read(.max) == read(97), "short reads are read otherwise")
  }

  /// The top one first.
  private static func layers(_ bytes: [UInt8]) -> [[UInt8]] {
    let count = Int(bytes.first ?? 0) % 4 + 1
    let archive = signing(Array(bytes.dropFirst()))
    let blocks = archive.count / 512
    return (0..<count).map { index in
      let end = index + 1 == count ? archive.count : blocks * (index + 1) / count * 512
      return Array(archive[(blocks * index / count * 512)..<end])
    }.filter { TarHeader.hasValidChecksum($0.prefix(512)) }
  }

  private static func source(_ layer: [UInt8], pieceSize: Int) -> LayerSource {
    LayerSource(name: "layer", blob: nil, diffID: .sha256(layer)) { BytesReader(layer, pieceSize: pieceSize) }
  }

  private static func check(_ tree: RootTree, _ sink: CountingSink) throws {
    var names: Set<[UInt8]> = []
    var directories: Set = [0]
    try require(tree.inodes.first?.kind == .directory, "the root is no directory")
    for entry in tree.entries {
      try require(directories.contains(entry.parent), "an entry comes before its directory")
      let key = Array("\(entry.parent)/".utf8) + entry.name
      try require(names.insert(key).inserted, "a name occurs twice: \(key)")
      let isPlain = !entry.name.contains(0x2f) && !entry.name.contains(0) && entry.name.count <= 255
      let isReserved = ["", ".", ".."].contains { entry.name.elementsEqual($0.utf8) }
      try require(isPlain && !isReserved && !entry.name.starts(with: ".wh.".utf8), "\(entry.name)")
      switch tree.inodes[entry.inode].kind {
      case .directory: try require(directories.insert(entry.inode).inserted, "a directory has two names")
      case .file(let content, let size):
        let given = content.number >= 0 && content.number < sink.contents.count ? sink.contents[content.number] : -1
        try require(given == size, "a file of \(size) bytes has \(given)")
      default: break
      }
    }
  }
}

/// Keeps sizes.
private final class CountingSink: RootSink {
  /// Of all files in turn; skipped ones are negative.
  private(set) var sizes: [Int] = []
  private(set) var contents: [Int] = []
  /// Whether it has every content already.
  private let isKnowing: Bool

  init(isKnowing: Bool = false) { self.isKnowing = isKnowing }

  func layerBegins() {}

  func beginFile(size: Int, digest: Digest?) {
    sizes.append(size)
    contents.append(0)
  }

  func content(_ piece: UnsafeRawBufferPointer) { contents[contents.count - 1] += piece.count }
  func endFile() -> ContentID { ContentID(contents.count - 1) }
  func skipFile(size: Int) { sizes.append(-1 - size) }

  func knows(_ content: Digest, size: Int) -> Bool { isKnowing }

  func file(_ content: Digest, size: Int) -> ContentID? {
    if !isKnowing { return nil }
    sizes.append(size)
    contents.append(size)
    return ContentID(contents.count - 1)
  }
}
