internal import ImageModel
internal import JSONText

/// Finds an image in the `manifest.json` of docker's archives before version 25.
struct DockerManifest<Files: ImageFiles> {
  private let files: Files

  private struct Image {
    var config: String
    var names: [String]
    /// From the base up.
    var layers: [String]

    init?(_ value: JSONValue) {
      guard let config = value["Config"]?.string else { return nil }
      func list(_ name: String) -> [String]? {
        guard let member = value[name], !member.isNull else { return [] }
        return member.strings
      }
      guard let names = list("RepoTags"), let layers = list("Layers") else { return nil }
      (self.config, self.names, self.layers) = (config, names, layers)
    }
  }

  init(_ files: Files) { self.files = files }

  func image(named name: String?, _ platform: Platform?) throws -> SourceImage {
    let list = try files.json("manifest.json", "list of images", limit: Files.manifestLimit)
    guard let values = list.array else { throw files.fault("its manifest.json is not docker's") }
    let images = values.compactMap { Image($0) }
    guard images.count == values.count else { throw files.fault("its manifest.json is not docker's") }
    let chosen = name.map { ImageNames($0).chosen(of: images, names: \.names) } ?? images
    guard chosen.count == 1, let image = chosen.first else {
      throw files.noChoice(name, among: images.flatMap(\.names), count: chosen.count)
    }
    let config = try files.document(image.config, "config", limit: Files.configLimit)
    let stem = image.config.hasSuffix(".json") ? image.config.dropLast(5) : image.config[...]
    let digest = Digest.sha256(config)
    if let named = Digest(hex: stem.split(separator: "/").last ?? ""), named != digest {
      throw files.fault("the config `\(image.config)` has the digest \(digest)")
    }
    let layers = try image.layers.map { path in
      guard let size = try files.size(of: path) else { throw files.fault("the layer `\(path)` is missing") }
      return (
        blob: path.hasPrefix("blobs/sha256/") ? Digest(hex: path.dropFirst(13)) : nil, mediaType: String?.none,
        size: Int?.some(size)
      )
    }
    let source = try SourceImage(config: config, layers: layers, name: files.name) { [files] index in
      try files.open(image.layers[index])
    }
    try source.check(platform, name: files.name)
    return source
  }
}
