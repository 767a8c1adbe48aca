package import ImageModel
internal import JSONText

/// A manifest or an index, as a registry or an archive has it: hostile until it is read.
package struct ManifestDocument: Sendable {
  package enum Content: Sendable {
    /// One image.
    case image(config: Digest)
    /// Images for several platforms.
    case index(PlatformChoices)
  }

  /// Of the bytes as they came.
  package let digest: Digest
  package let content: Content
  private let body: JSONValue

  package static let imageTypes = [
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
  ]
  package static let indexTypes = [
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
  ]
  private static let oldTypes = [
    "application/vnd.docker.distribution.manifest.v1+json", "application/vnd.docker.distribution.manifest.v1+prettyjws",
  ]
  /// The specification asks for at least as much.
  package static let limit = 4 << 20

  /// Why bytes are no manifest.
  package struct Fault: Error {
    package var words: String
    package var help: String?
  }

  /// - Parameter mediaType: what is said of the bytes, where they say nothing themselves.
  package init(_ bytes: [UInt8], mediaType: String) throws(Fault) {
    digest = Digest.sha256(bytes)
    guard let body = try? JSONValue(parsing: bytes), body.object != nil else {
      throw Fault(words: "what is there is no manifest\(Self.quoted(mediaType))", help: "is it a registry?")
    }
    self.body = body
    let type = body["mediaType"]?.string ?? mediaType
    if Self.oldTypes.contains(type) || body["schemaVersion"]?.integer == 1 {
      throw Fault(
        words: "it has the image only in docker's old format (manifest schema 1)",
        help: "push the image again with a current engine")
    }
    // The same bytes must be the same thing for everybody who reads them.
    let (isIndex, isImage) = (body["manifests"] != nil, body["config"] != nil || body["layers"] != nil)
    guard isIndex != isImage, !Self.indexTypes.contains(type) || isIndex, !Self.imageTypes.contains(type) || isImage
    else { throw Fault(words: "what is there is neither a manifest nor an index\(Self.quoted(type))") }
    if isIndex {
      content = .index(PlatformChoices(index: body))
    } else if let config = body["config"]?["digest"]?.string.flatMap({ Digest($0) }) {
      content = .image(config: config)
    } else {
      let digest = body["config"]?["digest"]?.string
      throw Fault(words: digest.map { "in its manifest \(Digest.fault($0))" } ?? "its manifest names no config")
    }
  }

  /// All that an image's manifest says.
  package func image() throws(BlobDescriptor.Fault) -> ImageManifest { try ImageManifest(body) }

  private static func quoted(_ type: String) -> String { type.isEmpty ? "" : " (\(type.prefix(100)))" }
}
