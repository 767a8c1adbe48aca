import HostSystem
import ImageModel
import JSONText
import TestSupport

@testable import ContentStore

extension FuzzTarget {
  /// What is written of a value is read as the same value.
  static let json = FuzzTarget("json", share: 8) { bytes in
    let value: JSONValue
    do throws(JSONFault) {
      value = try JSONValue(parsing: bytes)
    } catch {
      let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
      return try require((0...lines).contains(error.line) && error.column <= bytes.count + 1, "\(error)")
    }
    for text in [value.text, value.prettyText] {
      let again = try required(try? JSONValue(parsing: text), "what was written is refused: \(text)")
      try require(again == value && again.text == value.text, "\(text) is read as \(again.text)")
    }
  }

  static let config = FuzzTarget("config") { bytes in
    guard let config = try? ImageConfig(bytes) else { return }
    try require(config.differingMembers(config).isEmpty, "a config differs from itself")
    let again = try ImageConfig(Array(config.content.text.utf8))
    // The history loses nothing more, the rest is dropped already.
    try require(again.content == config.content, "the content of a content is another")
  }

  /// With an even first byte every header's checksum is made right. Short reads make no difference.
  static let tar = FuzzTarget("tar", share: 8) { bytes in
    let archive = bytes.first?.isMultiple(of: 2) ?? true ? signing(Array(bytes.dropFirst())) : Array(bytes.dropFirst())
    func read(_ pieceSize: Int) throws -> (entries: [String], fault: String?) {
      let reader = TarReader(BytesReader(archive, pieceSize: pieceSize), name: "archive", holes: 1 << 16)
      var (entries, total) = ([String](), 0)
      do {
        while let entry = try reader.next() {
          try require(entry.size >= 0 && entry.uid >= 0 && entry.gid >= 0 && !entry.path.contains(0), "\(entry)")
          var content: Digest?
          if entry.size <= archive.count {
            var hasher = SHA256Hasher()
            var count = 0
            try reader.forEachPiece { piece in
              hasher.update(piece)
              count += piece.count
            }
            try require(count == entry.size, "\(count) bytes of \(entry.size)")
            (content, total) = (hasher.finish(), total + count)
          }
          entries.append("\(entry) \(content?.hex ?? "")")
        }
      } catch let failure as Failure {
        return (entries, failure.message)
      }
      try require(total <= archive.count + 1 << 16, "\(total) bytes out of \(archive.count)")
      return (entries, nil)
    }
    let (whole, pieces) = (try read(.max), try read(97))
    try require(
      whole.fault == pieces.fault && whole.entries.count == pieces.entries.count, "short reads read otherwise")
  }

  /// The listing of a layer is read back as it was, and twice the same.
  static let listing = FuzzTarget("listing") { bytes in
    let archive = signing(bytes)
    func read(_ pieceSize: Int) throws -> LayerListing {
      try LayerListing(
        ofTar: BytesReader(archive, pieceSize: pieceSize), name: "layer", limit: 1 << 20, holes: 1 << 20)
    }
    guard let listing = try? read(.max) else {
      _ = LayerListing(bytes)
      return
    }
    let again = try required(LayerListing(listing.bytes), "a listing cannot be read back")
    try require(again.entries == listing.entries, "a listing is read as another")
    try require(LayerListing.differences(listing, again).isEmpty, "a listing differs from itself")
    try require(try read(97).entries == listing.entries, "short reads give another listing")
  }

  /// Layers with a config and a manifest that fit; or, with an odd first byte, an archive of any bytes.
  ///
  /// What is stored can be exported and imported as the same image; what is refused leaves nothing behind.
  static let archive = FuzzTarget("archive", share: 1) { bytes in
    guard let first = bytes.first else { return }
    let archive = first.isMultiple(of: 2) ? try image(Array(bytes.dropFirst())) : signing(Array(bytes.dropFirst()))
    var limits = ArchiveLimits()
    (limits.documents, limits.document, limits.layer, limits.listing) = (1 << 20, 1 << 19, 1 << 22, 1 << 20)
    limits.holes = 1 << 20
    let (disk, store) = try emptyStore()
    let stored: StoredImage
    do {
      stored = try store.importArchive(BytesReader(archive, pieceSize: 1000), limits: limits)
    } catch is Failure {
      try require(
        !disk.files(below: "/store").contains { "\($0)".contains("temporary") }, "a refused image leaves files")
      return
    }
    try require(try store.verify().isEmpty, "a stored image is damaged")
    let exported = MemoryWriter()
    try store.exportArchive(config: stored.config, names: [], to: exported)
    let again = try emptyStore().1.importArchive(BytesReader(exported.bytes))
    try require(again.config == stored.config && again.content == stored.content, "an exported image is another")
  }

  private static func emptyStore() throws -> (InMemoryFileSystem, ImageLayout) {
    let disk = InMemoryFileSystem()
    let store = ImageLayout(root: "/store", files: disk)
    try store.prepare()
    return (disk, store)
  }

  /// A docker-archive with the bytes as its one layer.
  private static func image(_ bytes: [UInt8]) throws -> [UInt8] {
    let layer = signing(bytes)
    let config = #"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#
    let writer = MemoryWriter()
    let archive = TarWriter(writer)
    try archive.add("layer.tar", layer)
    try archive.add("config.json", Array(config.utf8))
    try archive.add("manifest.json", Array(#"[{"Config":"config.json","Layers":["layer.tar"]}]"#.utf8))
    try archive.finish()
    return writer.bytes
  }

  /// Every 512 bytes that say `ustar` get the checksum of a header.
  static func signing(_ bytes: [UInt8]) -> [UInt8] {
    var archive = bytes
    for start in stride(from: 0, through: bytes.count - 512, by: 512)
    where archive[start + 257..<start + 262].elementsEqual("ustar".utf8) {
      archive.replaceSubrange(start + 148..<start + 156, with: "        ".utf8)
      let digits = String(archive[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
      let sum = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "\u{0} "
      archive.replaceSubrange(start + 148..<start + 156, with: sum.utf8)
    }
    return archive
  }
}

private final class MemoryWriter: ByteWriter {
  private(set) var bytes: [UInt8] = []

  func write(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }
}
