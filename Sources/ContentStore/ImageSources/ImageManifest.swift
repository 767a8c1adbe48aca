internal import ImageModel
package import JSONText

/// The manifest of one image: its config and its layers.
package struct ImageManifest: Sendable {
  package let config: BlobDescriptor
  /// From the base up.
  package let layers: [BlobDescriptor]

  private static let configTypes = [
    "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
  ]
  /// No engine makes more than a few hundred.
  private static let mostLayers = 10_000

  package init(_ body: JSONValue) throws(BlobDescriptor.Fault) {
    guard let config = body["config"], let layers = body["layers"]?.array else {
      throw BlobDescriptor.Fault(words: "it has no config or no list of layers")
    }
    self.config = try BlobDescriptor(config)
    if let type = self.config.mediaType, !type.isEmpty, !Self.configTypes.contains(type) {
      throw BlobDescriptor.Fault(
        words: "it is no image of a container: its config is of the type `\(type.prefix(100))`")
    }
    guard layers.count <= Self.mostLayers else { throw BlobDescriptor.Fault(words: "it has \(layers.count) layers") }
    var descriptors: [BlobDescriptor] = []
    for layer in layers { descriptors.append(try BlobDescriptor(layer)) }
    self.layers = descriptors
  }
}
