internal import ContentStore
internal import HostSystem
internal import ImageModel
internal import JSONText

/// What is written beside a SIF of the tree, with casa_distro's names, by which it can be checked and known as ours.
struct SIFSidecar: Equatable {
  /// Of the tree; the file is called after it.
  var image: ArtifactID
  var sif: StoredSIF
  /// Of the step.
  var fingerprint: Digest
  var writer: String

  static func path(of sif: FilePath) -> FilePath { FilePath(bytes: sif.bytes + Array(".json".utf8)) }

  init(_ image: ArtifactID, _ sif: StoredSIF, _ fingerprint: Fingerprint, by builder: SIFBuilder) {
    (self.image, self.sif, self.fingerprint, writer) = (image, sif, fingerprint.digest, builder.writer)
  }

  /// Nil when there is none, or it is not ours.
  init?(of file: FilePath, _ files: any FileSystem) {
    guard let bytes = try? files.contents(of: Self.path(of: file), limit: 1 << 20),
      let document = try? JSONValue(parsing: bytes),
      let image = document["origin"]?.string.flatMap({ ArtifactID($0) }), image.kind == .docker,
      let digest = document["sha256"]?.string.flatMap({ Digest(hex: $0) }),
      let size = document["size"]?.integer, size >= 0,
      let content = document["content"]?.string.flatMap({ Digest($0) }),
      let imageID = document["image_id"]?.string.flatMap({ Digest($0) }),
      let fingerprint = document["fingerprint"]?.string.flatMap({ Digest($0) }),
      let writer = document["writer"]?.string
    else { return nil }
    (self.image, self.fingerprint, self.writer) = (image, fingerprint, writer)
    sif = StoredSIF(digest: digest, size: size, content: content, image: imageID, md5: document["md5"]?.string)
  }

  /// - Parameter time: of its making, in seconds since 1970.
  func text(_ time: Int) -> String {
    var document = JSONObject([
      ("name", .string(image.name)), ("image_version", .string(image.tag)), ("container_type", "singularity"),
      ("creation_time", .string(DateText.utc(time))), ("origin", .string(image.description)),
      ("size", .integer(sif.size)), ("sha256", .string(sif.digest.hex)), ("image_id", .string(sif.image.description)),
      ("content", .string(sif.content.description)), ("fingerprint", .string(fingerprint.description)),
      ("writer", .string(writer)),
    ])
    if let md5 = sif.md5 { document["md5"] = .string(md5) }
    return JSONValue.object(document).prettyText
  }
}
