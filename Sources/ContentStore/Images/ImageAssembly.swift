internal import ImageModel
internal import JSONText

extension ImageLayout {
  /// Writes manifest and index of an image whose layers are stored, then records it.
  ///
  /// Skopeo 1.9 finds names only at OCI descriptors, and keeps a config as it is only under docker's manifest: so the
  /// name points at an OCI index with docker's manifest in it.
  func assemble(_ config: ImageConfig, layers: [StoredLayer]) throws -> StoredImage {
    let configDigest = try put(config.bytes)
    let manifestBytes = Array(
      JSONValue.object([
        ("schemaVersion", 2), ("mediaType", .string(MediaType.manifest)),
        ("config", .descriptor(MediaType.config, configDigest, config.bytes.count)),
        ("layers", .array(layers.map { .descriptor(MediaType.layer, $0.blob, $0.size) })),
      ]).text.utf8)
    let manifest = try put(manifestBytes)
    var descriptor = JSONValue.descriptor(MediaType.manifest, manifest, manifestBytes.count).object ?? JSONObject()
    if let platform = config.platform {
      var members: [JSONObject.Member] = [
        ("architecture", .string(platform.architecture)), ("os", .string(platform.os)),
      ]
      if let variant = platform.variant { members.append(("variant", .string(variant))) }
      descriptor["platform"] = .object(JSONObject(members))
    }
    let indexBytes = Array(
      JSONValue.object([
        ("schemaVersion", 2), ("mediaType", .string(MediaType.index)), ("manifests", .array([.object(descriptor)])),
      ]).text.utf8)
    let image = StoredImage(
      config: configDigest, configSize: config.bytes.count, manifest: manifest, manifestSize: manifestBytes.count,
      index: try put(indexBytes), indexSize: indexBytes.count,
      content: config.contentDigest(listings: layers.map(\.listing)), layers: layers)
    // Under the lock, because `collectGarbage` may have removed a layer since it was found.
    try locked {
      if let reason = try fault(of: image) {
        throw Failure("\(reason), though it was there a moment ago", help: "build again; was `coppice gc` running?")
      }
      try recordContent(of: image)
      try record(image)
    }
    return image
  }
}

extension JSONValue {
  static func object(_ members: [JSONObject.Member]) -> JSONValue { .object(JSONObject(members)) }

  static func descriptor(_ mediaType: String, _ digest: Digest, _ size: Int) -> JSONValue {
    .object([("mediaType", .string(mediaType)), ("digest", .string(digest.description)), ("size", .integer(size))])
  }
}
