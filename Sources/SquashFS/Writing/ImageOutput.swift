package import ImageModel

/// Where an image goes: bytes come in order, and at the very end the first ones are known.
package protocol SquashfsSink: AnyObject {
  /// - Parameters:
  ///   - digest: of the bytes, if it is known.
  ///   - isTaken: they come from an earlier image, and nobody looked whether they have the digest: the sink does, at its
  ///     end at the latest, and throws `EarlierImageFault`.
  func append(_ bytes: UnsafeRawBufferPointer, digest: Digest?, isTaken: Bool) throws
  /// Replaces bytes that were appended; called once, last.
  func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws
}

/// The sink, and how far it is written.
final class ImageOutput {
  private let sink: any SquashfsSink
  private(set) var position = 0

  init(_ sink: any SquashfsSink) { self.sink = sink }

  func append(_ bytes: UnsafeRawBufferPointer, digest: Digest? = nil, isTaken: Bool = false) throws {
    if bytes.isEmpty { return }
    try sink.append(bytes, digest: digest, isTaken: isTaken)
    position += bytes.count
  }

  func append(_ block: DataBlock) throws { try append(block.bytes, digest: block.digest, isTaken: block.isTaken) }

  func append(_ bytes: [UInt8], digest: Digest? = nil) throws {
    try bytes.withUnsafeBytes { try append($0, digest: digest) }
  }

  /// Zeros up to a multiple of `alignment`.
  func pad(to alignment: Int) throws {
    try append([UInt8](repeating: 0, count: (alignment - position % alignment) % alignment))
  }

  func patch(_ bytes: [UInt8], at offset: Int) throws { try bytes.withUnsafeBytes { try sink.patch($0, at: offset) } }
}
