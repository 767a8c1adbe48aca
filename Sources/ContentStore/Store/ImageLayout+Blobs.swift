package import HostSystem
package import ImageModel

extension ImageLayout {
  /// Bytes of a blob; nil when it is not there.
  package func size(ofBlob digest: Digest) throws -> Int? {
    let status = try files.statusIfPresent(of: path(ofBlob: digest))
    return status?.kind == .regular ? status?.size : nil
  }

  /// A small blob as a whole, verified.
  /// - Throws: `Failure` when it is missing, larger than `limit` or damaged.
  package func contents(ofBlob digest: Digest, limit: Int = 64 << 20) throws -> [UInt8] {
    let bytes: [UInt8]
    do {
      bytes = try files.contents(of: path(ofBlob: digest), limit: limit)
    } catch {
      if error.reason == .notFound {
        throw Failure("\(digest) is not in the content store", help: "build what it belongs to again")
      }
      throw error.inStore
    }
    guard Digest.sha256(bytes) == digest else { throw damage(digest) }
    return bytes
  }

  /// Reads a blob of any size; the reader does not verify.
  package func open(blob digest: Digest) throws -> any ByteReader {
    try inStore { try files.open(path(ofBlob: digest)) }
  }

  /// Keeps bytes; when the blob is there already nothing is written.
  @discardableResult package func put(_ bytes: [UInt8]) throws -> Digest {
    let digest = Digest.sha256(bytes)
    try inStore {
      if try size(ofBlob: digest) == bytes.count { return }
      let writer = try BlobWriter(self)
      defer { writer.discard() }
      try bytes.withUnsafeBytes { try writer.write($0) }
      _ = try writer.finish()
    }
    return digest
  }

  /// Keeps all that a reader gives.
  /// - Returns: the blob and its size.
  package func put(fileFrom reader: any ByteReader) throws -> (Digest, Int) {
    try inStore {
      let writer = try BlobWriter(self)
      defer { writer.discard() }
      try reader.forEachPiece { try writer.write($0) }
      return try writer.finish()
    }
  }

  func damage(_ digest: Digest) -> Failure {
    Failure("\(digest) in the content store is damaged", help: "run `coppice verify`, then build again")
  }
}

/// A blob being written; nothing shows before `finish`.
final class BlobWriter {
  private let store: ImageLayout
  private let file: any PendingFile
  private var hasher = SHA256Hasher()
  private var size = 0

  init(_ store: ImageLayout) throws {
    self.store = store
    if try store.files.statusIfPresent(of: store.temporary) == nil { try store.prepare() }
    file = try store.files.create(in: store.temporary, mode: 0o644)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    try file.write(bytes)
    hasher.update(bytes)
    size += bytes.count
  }

  /// Gives the blob its name, unless it is there already.
  func finish() throws -> (Digest, Int) {
    let digest = hasher.finish()
    if try store.size(ofBlob: digest) == size {
      file.discard()
    } else {
      try file.commit(to: store.path(ofBlob: digest))
    }
    return (digest, size)
  }

  /// Removes what was written; does nothing after `finish`.
  func discard() { file.discard() }
}
