internal import HostSystem
internal import ImageModel

/// The tar of a layer, decompressed and hashed on a thread of its own while it is read.
///
/// Its end comes only when both digests are right.
final class LayerStream: BufferSource {
  private let pipe = BufferPipe(count: 4, size: GzipMember.size)

  /// - Parameter limit: of the tar's bytes.
  init(_ layer: LayerSource, limit: Int) throws {
    let work = { @Sendable [pipe] in pipe.fill { try Self.open(layer, limit) } }
    guard startThread(work) else {
      throw Failure("\(layer.name) cannot be read: no room for another thread", help: "allow more processes")
    }
  }

  deinit { pipe.abandon() }

  private static func open(
    _ layer: LayerSource, _ limit: Int
  ) throws -> (reader: any ByteReader, finish: () throws -> Void) {
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
    let tar = HashingReader(try found.decompressed(bytes, name: layer.name), limit: limit, name: layer.name)
    return (
      tar,
      {
        try bytes.drain()
        try verify(layer, layer.blob, blob.digest)
        try verify(layer, layer.diffID, tar.digest)
      }
    )
  }

  private static func verify(_ layer: LayerSource, _ promised: Digest?, _ found: Digest) throws {
    guard let promised, promised != found else { return }
    throw Failure("\(layer.name) should be \(promised) but is \(found)", help: "it is damaged; fetch or build it again")
  }

  func exchange(_ buffer: inout [UInt8]) throws -> Int { try pipe.exchange(&buffer) }

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
