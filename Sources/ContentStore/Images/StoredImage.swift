internal import HostSystem
package import ImageModel

/// An image in the store, as its config digest leads to it.
package struct StoredImage: Hashable, Sendable {
  /// Of the config's bytes as the engine wrote them: the image id.
  package var config: Digest
  package var configSize: Int
  /// Docker's manifest, schema 2.
  package var manifest: Digest
  package var manifestSize: Int
  /// An OCI index that holds nothing but the manifest: what a name in `index.json` points at.
  package var index: Digest
  package var indexSize: Int
  /// Equal for images that differ in times only.
  package var content: Digest
  /// From the base up; one may repeat.
  package var layers: [StoredLayer]

  /// Bytes that a registry would get: config, manifest and each layer once.
  package var size: Int {
    Dictionary(layers.map { ($0.blob, $0.size) }) { first, _ in first }.values.reduce(configSize + manifestSize, +)
  }

  package var output: ArtifactOutput {
    ArtifactOutput(digest: config, content: content, manifest: manifest, index: index, size: size)
  }

  /// All that must be there for the image to be whole, what each one is, and its size.
  var blobs: [(name: String, digest: Digest, size: Int)] {
    [("config", config, configSize), ("manifest", manifest, manifestSize), ("index", index, indexSize)]
      + layers.map { ("layer", $0.blob, $0.size) }
  }
}

extension ImageLayout {
  private static let kind = "coppice image 1"

  /// The image with this config digest; nil when it is unknown. Its blobs may be missing: see `condition(of:)`.
  package func image(_ config: Digest) throws -> StoredImage? {
    let lines = try inStore { try checkedLines(imageRecords / FilePath(config.hex), Self.kind) }
    guard let lines, lines.count >= 4 else { return nil }
    func blob(_ index: Int, _ name: String) -> (Digest, Int)? {
      let words = lines[index]
      guard words.count == 3, words[0] == name, let digest = Digest(words[1]), let size = Int(words[2]) else {
        return nil
      }
      return (digest, size)
    }
    guard let (configDigest, configSize) = blob(0, "config"), configDigest == config,
      let (manifest, manifestSize) = blob(1, "manifest"), let (index, indexSize) = blob(2, "index"),
      lines[3].count == 2, lines[3][0] == "content", let content = Digest(lines[3][1])
    else { return nil }
    let layers = lines[4...].compactMap { StoredLayer(words: $0) }
    guard layers.count == lines.count - 4 else { return nil }
    return StoredImage(
      config: config, configSize: configSize, manifest: manifest, manifestSize: manifestSize, index: index,
      indexSize: indexSize, content: content, layers: layers)
  }

  func record(_ image: StoredImage) throws {
    var lines = image.blobs.prefix(3).map { "\($0.name) \($0.digest) \($0.size)" }
    lines.append("content \(image.content)")
    lines += image.layers.map(\.words)
    try write(imageRecords / FilePath(image.config.hex), CheckedText.encode(Self.kind, lines))
  }

  /// All images that are recorded, by config digest; damaged records are left out.
  func recordedImages() throws -> [StoredImage] {
    guard try files.statusIfPresent(of: imageRecords) != nil else { return [] }
    return try files.entries(of: imageRecords).compactMap { entry in
      guard let digest = entry.name.text.flatMap({ Digest(hex: $0) }) else { return nil }
      return try image(digest)
    }
  }
}
