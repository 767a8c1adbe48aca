package import ImageModel

/// What the descriptor of an object says about it beyond its type.
package enum SIFDetails: Sendable, Hashable {
  case none
  case partition(SIFPartition)
  /// The fingerprint of an OpenPGP key; nil for other keys.
  case signature(hash: String, fingerprint: String?)
  case cryptoMessage(format: String, message: String)
  case sbom(format: String)
  /// The digest of the object's bytes.
  case ociDigest(Digest)
  /// The type has details, but these are none.
  case malformed

  /// - Parameter extra: the 384 bytes of the descriptor.
  init(_ type: SIFDataType, _ extra: ArraySlice<UInt8>) {
    var fields = FieldReader(extra)
    switch type {
    case .partition:
      let (fileSystem, kind) = (fields.int32(), fields.int32())
      self = .partition(
        SIFPartition(
          fileSystem: SIFPartition.FileSystem(code: fileSystem), kind: SIFPartition.Kind(code: kind),
          architecture: SIFArchitecture(code: fields.bytes(3))))
    case .signature:
      let hash = Self.word(fields.int32(), ["SHA-256", "SHA-384", "SHA-512", "BLAKE2s-256", "BLAKE2b-256"])
      let key = fields.bytes(20)
      let digits = key.allSatisfy { $0 == 0 } ? nil : key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      self = .signature(hash: hash, fingerprint: digits?.uppercased())
    case .cryptoMessage:
      let format = Self.word(fields.int32(), ["OpenPGP", "PEM"])
      let message =
        switch fields.int32() {
        case 0x100: "Clear Signature"
        case 0x200: "RSA-OAEP"
        default: "Unknown"
        }
      self = .cryptoMessage(format: format, message: message)
    case .sbom:
      self = .sbom(
        format: Self.word(
          fields.int32(),
          [
            "cyclonedx-json", "cyclonedx-xml", "github-json", "spdx-json", "spdx-rdf", "spdx-tag-value", "spdx-yaml",
            "syft-json",
          ]))
    case .ociRootIndex, .ociBlob:
      self = Digest(String(decoding: fields.text(384), as: UTF8.self)).map { .ociDigest($0) } ?? .malformed
    default: self = .none
    }
  }

  /// Numbers count from 1.
  private static func word(_ number: Int32, _ words: [String]) -> String {
    words.indices.contains(Int(number) - 1) ? words[Int(number) - 1] : "Unknown"
  }

  /// As `apptainer sif list` has it behind the type.
  package var text: String? {
    switch self {
    case .none: nil
    case .partition(let partition): "\(partition)"
    case .signature(let hash, _): hash
    case .cryptoMessage(let format, let message): "\(format)/\(message)"
    case .sbom(let format): format
    case .ociDigest(let digest): "\(digest)"
    case .malformed: "malformed"
    }
  }
}
