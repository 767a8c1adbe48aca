internal import HostSystem
internal import ImageModel

/// How the bytes of a layer are packed.
enum LayerCompression: String {
  case gzip, zstd
  case none = "an uncompressed tar"

  /// As many bytes as `init(magic:)` wants to see.
  static let magicSize = TarHeader.size

  /// Nil for what is no layer that can be read here.
  init?(magic bytes: ArraySlice<UInt8>) {
    let isSkippableZstd =
      bytes.count >= 4 && bytes[bytes.startIndex] & 0xf0 == 0x50
      && bytes.dropFirst().starts(with: [0x2a, 0x4d, 0x18])
    if bytes.starts(with: [0x1f, 0x8b]) {
      self = .gzip
    } else if bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) || isSkippableZstd {
      self = .zstd
    } else if bytes.isEmpty || TarHeader.hasValidChecksum(bytes)
      || bytes.count == TarHeader.size && bytes.allSatisfy({ $0 == 0 })
    {
      self = .none
    } else {
      return nil
    }
  }

  /// What the media type of a descriptor promises.
  /// - Throws: `Failure` for a type that is not a tar's.
  init(mediaType: String, name: String) throws {
    let words = mediaType.split(whereSeparator: { ".+".contains($0) })
    guard mediaType.contains("layer") || mediaType.contains("rootfs"), words.contains("tar"),
      !words.contains("encrypted")
    else {
      throw Failure(
        "\(name) is of the type `\(mediaType.printable)`, which is not a tar", help: "only image layers can be read")
    }
    self = words.last == "gzip" ? .gzip : words.last == "zstd" ? .zstd : .none
  }

  /// The tar within, which the caller verifies by its digest.
  func decompressed(_ source: any ByteReader, name: String) throws -> any ByteReader {
    switch self {
    case .gzip: try GzipReader(source, name: name, wholeMembers: true)
    case .zstd: try ZstdReader(source, name: name)
    case .none: source
    }
  }
}
