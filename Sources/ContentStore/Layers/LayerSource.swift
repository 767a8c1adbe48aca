package import HostSystem
package import ImageModel

/// A layer of an image, wherever its bytes lie.
package struct LayerSource: Sendable {
  /// As messages call it.
  package var name: String
  /// SHA-256 of the bytes that `open` gives; nil when nobody promised one.
  package var blob: Digest?
  /// SHA-256 of the tar within.
  package var diffID: Digest
  /// Of the descriptor; nil leaves it to the bytes.
  package var mediaType: String?
  /// Called on another thread; a second time in the rare case that a hard link leads to a file that is hidden.
  package var open: @Sendable () throws -> any ByteReader
  /// What it holds, where that is known: then `open` is called only for contents that are not.
  package var index: @Sendable () throws -> LayerIndex?

  package init(
    name: String, blob: Digest?, diffID: Digest, mediaType: String? = nil,
    index: @escaping @Sendable () throws -> LayerIndex? = { nil },
    open: @escaping @Sendable () throws -> any ByteReader
  ) {
    self.name = name
    self.blob = blob
    self.diffID = diffID
    self.mediaType = mediaType
    self.index = index
    self.open = open
  }
}

extension ImageLayout {
  /// The layers of an image, the top one first.
  package func layerSources(of image: StoredImage) -> [LayerSource] {
    image.layers.enumerated().reversed().map { index, layer in
      source(of: layer, name: "layer \(index + 1) of \(image.layers.count) (\(layer.blob.short)…)")
    }
  }

  func source(of layer: StoredLayer, name: String) -> LayerSource {
    LayerSource(name: name, blob: layer.blob, diffID: layer.diffID, index: { try index(ofLayer: layer.diffID) }) {
      try open(blob: layer.blob)
    }
  }
}
