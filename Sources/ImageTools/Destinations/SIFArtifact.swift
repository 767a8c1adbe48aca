import ContentStore
import ImageModel
import JSONText

/// How a SIF lies in a registry: an OCI artifact of one layer, as `apptainer push oras://` makes it, which names the image
/// that it was made of as its subject.
struct SIFArtifact: Sendable {
  static let mediaType = "application/vnd.oci.image.manifest.v1+json"
  static let configType = "application/vnd.sylabs.sif.config.v1+json"
  static let config = Array("{}".utf8)
  private static let layerType = "application/vnd.sylabs.sif.layer.v1.sif"

  var sif: Digest
  var size: Int
  var fileName: String
  var image: StoredImage

  /// Nothing in it depends on the time, so that the same SIF has the same manifest.
  var manifest: [UInt8] {
    let config: JSONValue = [
      "mediaType": .string(Self.configType), "digest": .string("\(Digest.sha256(Self.config))"),
      "size": .integer(Self.config.count),
    ]
    let layer: JSONValue = [
      "mediaType": .string(Self.layerType), "digest": .string("\(sif)"), "size": .integer(size),
      "annotations": ["org.opencontainers.image.title": .string(fileName)],
    ]
    let document: JSONValue = [
      "schemaVersion": 2, "mediaType": .string(Self.mediaType), "config": config, "layers": [layer],
      "subject": subject,
    ]
    return Array(document.text.utf8)
  }

  private var subject: JSONValue {
    [
      "mediaType": .string(ImagePush.mediaType), "digest": .string("\(image.manifest)"),
      "size": .integer(image.manifestSize),
    ]
  }

  // MARK: Referrers of the image

  /// The tag under which clients look for what refers to the image, where the registry does not answer that itself:
  /// distribution specification, "Referrers Tag Schema".
  var referrersTag: String { "sha256-\(image.manifest.hex)" }

  /// The index behind that tag with this artifact in it; nil when it is in it already.
  /// - Parameter bytes: the index as it is, if there is one.
  /// - Throws: `Failure` when something else lies there.
  func referrers(adding bytes: [UInt8]?) throws(Failure) -> [UInt8]? {
    var manifests: [JSONValue] = []
    if let bytes {
      guard let known = (try? JSONValue(parsing: bytes))?["manifests"]?.array else {
        throw Failure("what is behind the tag \(referrersTag) is no index of referrers")
      }
      manifests = known
    }
    let digest = "\(Digest.sha256(manifest))"
    if manifests.contains(where: { $0["digest"]?.string == digest }) { return nil }
    manifests.append([
      "mediaType": .string(Self.mediaType), "digest": .string(digest), "size": .integer(manifest.count),
      "artifactType": .string(Self.configType),
    ])
    let index: JSONValue = [
      "schemaVersion": 2, "mediaType": .string(Self.indexType), "manifests": .array(manifests),
    ]
    return Array(index.text.utf8)
  }

  static let indexType = "application/vnd.oci.image.index.v1+json"
}
