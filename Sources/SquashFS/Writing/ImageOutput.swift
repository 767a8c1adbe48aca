package import ImageModel

/// Where an image goes: bytes come in order, and at the very end the first ones are known.
package protocol SquashfsSink: AnyObject {
  /// - Parameters:
  ///   - digest: of the bytes, if it is known.
  ///   - isTaken: they come from an earlier image, and nobody looked whether they have the digest: the sink does, at its
  ///     end at the latest, and throws `EarlierImageFault`.
  func append(_ bytes: UnsafeRawBufferPointer, digest: Digest?, isTaken: Bool) throws
  /// Appends what lies in an earlier image, one piece right behind the other; whether they have their digests is seen as
  /// with bytes that are taken.
  func append(_ pieces: [(count: Int, digest: Digest)], at offset: Int, of source: any SquashfsSource) throws
  /// Replaces bytes that were appended; called once, last.
  func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws
}

extension SquashfsSink {
  package func append(_ pieces: [(count: Int, digest: Digest)], at offset: Int, of source: any SquashfsSource) throws {
    try appendRead(pieces, at: offset, of: source)
  }

  /// Reads them piece by piece.
  /// - Throws: `EarlierImageFault` when there is no such piece.
  package func appendRead(
    _ pieces: [(count: Int, digest: Digest)], at offset: Int, of source: any SquashfsSource
  ) throws {
    var offset = offset
    for piece in pieces {
      guard offset >= 0, piece.count <= source.size - offset else { throw EarlierImageFault() }
      var bytes = [UInt8](repeating: 0, count: piece.count)
      try bytes.withUnsafeMutableBytes { try source.read(at: offset, into: $0) }
      try bytes.withUnsafeBytes { try append($0, digest: piece.digest, isTaken: true) }
      offset += piece.count
    }
  }
}

/// The sink, and how far it is written.
final class ImageOutput {
  private let sink: any SquashfsSink
  private(set) var position = 0
  /// Blocks of an earlier image that are appended together: the kernel copies long ranges best.
  private var taken: [EarlierBlock] = []
  private var takenCount = 0
  /// Short enough for others to be compressed meanwhile.
  private static let takenLimit = 8 << 20

  init(_ sink: any SquashfsSink) { self.sink = sink }

  func append(_ bytes: UnsafeRawBufferPointer, digest: Digest? = nil) throws {
    if bytes.isEmpty { return }
    try appendTaken()
    try sink.append(bytes, digest: digest, isTaken: false)
    position += bytes.count
  }

  func append(_ block: DataBlock) throws {
    guard case .earlier(let earlier) = block.origin else { return try append(block.bytes, digest: block.digest) }
    let count = earlier.block.storedCount
    if count == 0 { return }
    if takenCount + count > Self.takenLimit || taken.last.map(earlier.follows) == false { try appendTaken() }
    taken.append(earlier)
    takenCount += count
    position += count
  }

  /// Appends what waits; called before anything else comes.
  private func appendTaken() throws {
    guard let first = taken.first else { return }
    try sink.append(taken.map { ($0.block.storedCount, $0.block.digest) }, at: first.block.offset, of: first.source)
    (taken, takenCount) = ([], 0)
  }

  func append(_ bytes: [UInt8], digest: Digest? = nil) throws {
    try bytes.withUnsafeBytes { try append($0, digest: digest) }
  }

  /// Zeros up to a multiple of `alignment`.
  func pad(to alignment: Int) throws {
    try append([UInt8](repeating: 0, count: (alignment - position % alignment) % alignment))
  }

  func patch(_ bytes: [UInt8], at offset: Int) throws {
    try appendTaken()
    try bytes.withUnsafeBytes { try sink.patch($0, at: offset) }
  }
}
