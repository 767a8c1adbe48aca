import ImageModel
import JSONText

/// A manifest or an index, as a registry served it: hostile until it is read.
struct ManifestDocument: Sendable {
  enum Content: Sendable {
    /// One image.
    case image(config: Digest)
    /// Images for several platforms.
    case index(PlatformChoices)
  }

  /// Of the bytes as they came.
  let digest: Digest
  let content: Content

  static let imageTypes = [
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
  ]
  static let indexTypes = [
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
  ]
  private static let oldTypes = [
    "application/vnd.docker.distribution.manifest.v1+json", "application/vnd.docker.distribution.manifest.v1+prettyjws",
  ]
  /// The specification asks for at least as much.
  static let limit = 4 << 20

  /// Why bytes are no manifest.
  struct Fault: Error {
    var words: String
    var help: String?
  }

  init(_ answer: HTTPResponse) throws(Fault) {
    digest = Digest.sha256(answer.body)
    guard let body = try? JSONValue(parsing: answer.body), body.object != nil else {
      throw Fault(words: "what it sent is no manifest\(Self.quoted(answer.mediaType))", help: "is it a registry?")
    }
    let type = body["mediaType"]?.string ?? answer.mediaType
    if Self.oldTypes.contains(type) || body["schemaVersion"]?.integer == 1 {
      throw Fault(
        words: "it has the image only in docker's old format (manifest schema 1)",
        help: "push the image again with a current engine")
    }
    // The same bytes must be the same thing for everybody who reads them.
    let (isIndex, isImage) = (body["manifests"] != nil, body["config"] != nil || body["layers"] != nil)
    guard isIndex != isImage, !Self.indexTypes.contains(type) || isIndex, !Self.imageTypes.contains(type) || isImage
    else { throw Fault(words: "what it sent is neither a manifest nor an index\(Self.quoted(type))") }
    if isIndex {
      content = .index(PlatformChoices(index: body))
    } else if let config = body["config"]?["digest"]?.string.flatMap({ Digest($0) }) {
      content = .image(config: config)
    } else {
      let digest = body["config"]?["digest"]?.string
      throw Fault(words: digest.map { "in its manifest \(Digest.fault($0))" } ?? "its manifest names no config")
    }
  }

  private static func quoted(_ type: String) -> String { type.isEmpty ? "" : " (\(type.prefix(100)))" }
}
