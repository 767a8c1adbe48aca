internal import HostSystem
internal import ImageModel

/// The tar of a layer, decompressed on a thread of its own while it is read.
///
/// Its end comes only when both digests are right. That of the tar is computed by who reads it: decompressing is what
/// everything else waits for.
final class LayerStream: BufferSource {
  private let layer: LayerSource
  private let limit: Int
  private let pipe = BufferPipe(count: 4, size: GzipMember.size)
  private var hasher = SHA256Hasher()
  private var count = 0

  /// - Parameter limit: of the tar's bytes.
  init(_ layer: LayerSource, limit: Int) throws {
    (self.layer, self.limit) = (layer, limit)
    let work = { @Sendable [pipe] in pipe.fill { try Self.open(layer) } }
    guard startThread(work) else {
      throw Failure("\(layer.name) cannot be read: no room for another thread", help: "allow more processes")
    }
  }

  deinit { pipe.abandon() }

  private static func open(_ layer: LayerSource) throws -> (reader: any ByteReader, finish: () throws -> Void) {
    let blob = HashingReader(try layer.open())
    let bytes = BufferedReader(blob)
    guard let found = LayerCompression(magic: try bytes.peek(LayerCompression.magicSize)) else {
      // A damaged blob may look like anything.
      try blob.drain()
      try verify(layer, layer.blob, blob.digest)
      throw Failure("\(layer.name) is neither gzip nor zstd nor a tar archive", help: "only image layers can be read")
    }
    if let mediaType = layer.mediaType {
      let promised = try LayerCompression(mediaType: mediaType, name: layer.name)
      guard promised == found else {
        throw Failure(
          "\(layer.name) should be \(promised.rawValue) (`\(mediaType.printable)`) but is \(found.rawValue)",
          help: "the manifest is wrong; make the image again")
      }
    }
    return (
      try found.decompressed(bytes, name: layer.name),
      {
        try bytes.drain()
        try verify(layer, layer.blob, blob.digest)
      }
    )
  }

  private static func verify(_ layer: LayerSource, _ promised: Digest?, _ found: Digest) throws {
    guard let promised, promised != found else { return }
    throw Failure("\(layer.name) should be \(promised) but is \(found)", help: "it is damaged; fetch or build it again")
  }

  func exchange(_ buffer: inout [UInt8]) throws -> Int {
    let read = try pipe.exchange(&buffer)
    if read == 0 {
      try Self.verify(layer, layer.diffID, hasher.finish())
      return 0
    }
    buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<read])) }
    count += read
    guard count <= limit else {
      throw Failure("\(layer.name) has more than \(limit) bytes when decompressed", help: "nothing larger is read")
    }
    return read
  }

  /// Reads what stands behind the archive, and so verifies.
  func finish() throws {
    var buffer: [UInt8] = []
    while try exchange(&buffer) > 0 {}
  }

  /// What is wrong with the bytes as a whole, if anything is, explains any other fault.
  func explanation(of fault: any Error) -> any Error {
    do {
      var (buffer, left) = ([UInt8](), Self.longestExplanation)
      while left > 0 {
        let count = try exchange(&buffer)
        if count == 0 { break }
        left -= count
      }
      return fault
    } catch {
      return error
    }
  }

  /// A second of reading, not the whole of a bomb.
  private static let longestExplanation = 1 << 30
}
