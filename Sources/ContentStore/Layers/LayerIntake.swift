internal import HostSystem
internal import ImageModel

/// Stores single layers as they stream by; only one that is not yet there is compressed and written.
struct LayerIntake {
  let store: ImageLayout
  let limits: ArchiveLimits

  /// A tar whose name promises its diff_id: a known one is only hashed.
  func store(tar: any ByteReader, promised: Digest, name: String) throws -> StoredLayer {
    let layer: StoredLayer
    if let known = try store.layer(promised) {
      let hashing = HashingReader(tar, limit: limits.layer, name: name)
      try hashing.drain()
      layer = known
      guard hashing.digest == promised else { throw mismatch(name, promised, hashing.digest) }
    } else {
      layer = try compress(tar, name: name)
      guard layer.diffID == promised else { throw mismatch(name, promised, layer.diffID) }
    }
    return layer
  }

  /// A tar of which nothing is known: it is put aside while it is hashed, since it may turn out to be known.
  func store(tar: any ByteReader, name: String) throws -> StoredLayer {
    let spool = Spool(store)
    defer { spool.discard() }
    let hashing = HashingReader(tar, limit: limits.layer, name: name)
    try hashing.forEachPiece { try spool.write($0) }
    if let known = try store.layer(hashing.digest) { return known }
    return try compress(try spool.reader(), name: name)
  }

  /// A compressed layer keeps its bytes.
  /// - Parameter promised: the digest of the compressed bytes, where the name tells it.
  func store(gzip: any ByteReader, promised: Digest?, name: String) throws -> StoredLayer {
    let blob = try BlobWriter(store)
    defer { blob.discard() }
    let source = HashingReader(TeeReader(gzip) { try blob.write($0) })
    let tar = HashingReader(try GzipReader(source, name: name), limit: limits.layer, name: name)
    let (listing, index) = try read(tar, name: name)
    try source.drain()
    if let promised, promised != source.digest { throw mismatch(name, promised, source.digest) }
    if let known = try store.layer(tar.digest) { return known }
    let (digest, size) = try blob.finish()
    return try record(tar, blob: digest, size: size, listing, index)
  }

  /// No docker manifest can name zstd, and the store's own form is read faster.
  func store(zstd: any ByteReader, promised: Digest?, name: String) throws -> StoredLayer {
    let source = HashingReader(zstd)
    let layer = try store(tar: try ZstdReader(source, name: name), name: name)
    try source.drain()
    if let promised, promised != source.digest { throw mismatch(name, promised, source.digest) }
    return layer
  }

  private func compress(_ source: any ByteReader, name: String) throws -> StoredLayer {
    let blob = try BlobWriter(store)
    defer { blob.discard() }
    let members = GzipMembers { try blob.write($0) }
    let tar = HashingReader(source, limit: limits.layer, name: name)
    let tee = TeeReader(tar) { try members.write($0) }
    let (listing, index) = try read(tee, name: name)
    try members.finish()
    let (digest, size) = try blob.finish()
    return try record(tar, blob: digest, size: size, listing, index)
  }

  private func read(_ tar: any ByteReader, name: String) throws -> (LayerListing, LayerIndex) {
    var index = LayerIndex()
    let listing = try LayerListing(ofTar: tar, name: name, limit: limits.listing, holes: limits.holes) {
      index.append($0, content: $1)
    }
    return (listing, index)
  }

  private func record(
    _ tar: HashingReader, blob: Digest, size: Int, _ listing: LayerListing, _ index: LayerIndex
  ) throws -> StoredLayer {
    let layer = StoredLayer(
      diffID: tar.digest, blob: blob, size: size, uncompressedSize: tar.count, listing: try store.put(listing.bytes))
    try store.keep(index, of: layer.diffID)
    try store.record(layer)
    return layer
  }

  private func mismatch(_ name: String, _ promised: Digest, _ found: Digest) -> Failure {
    Failure("\(name) should hold \(promised) but holds \(found)", help: "the archive is damaged; make it again")
  }
}

/// Bytes put aside: small ones in memory, the rest in a temporary file of the store.
private final class Spool {
  private static let memoryLimit = 8 << 20

  private let store: ImageLayout
  private var memory: [UInt8] = []
  private var file: (any PendingFile)?
  private var path: FilePath?

  init(_ store: ImageLayout) { self.store = store }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    if file == nil && memory.count + bytes.count <= Self.memoryLimit {
      memory.append(contentsOf: bytes)
      return
    }
    let file = try self.file ?? store.files.create(in: store.temporary, mode: 0o600)
    self.file = file
    if !memory.isEmpty {
      try memory.withUnsafeBytes { try file.write($0) }
      memory = []
    }
    try file.write(bytes)
  }

  /// What was written, from its beginning; nothing can be written after that.
  func reader() throws -> any ByteReader {
    guard let file else { return MemoryReader(memory) }
    var random = SystemRandomNumberGenerator()
    let path = store.temporary / FilePath("layer-" + String(random.next(), radix: 36))
    try file.commit(to: path)
    self.path = path
    return try store.files.open(path)
  }

  func discard() {
    file?.discard()
    if let path { try? store.files.remove(path) }
  }
}
