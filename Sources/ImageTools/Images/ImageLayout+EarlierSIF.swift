package import ContentStore
internal import HostSystem
internal import ImageModel
package import SIFConversion
package import SquashFS

extension ImageLayout {
  /// A SIF of the store, to take blocks from; nil when that cannot be.
  func earlierSIF(_ sif: Digest) -> EarlierSIF? {
    guard let blocks = blockMap(ofSIF: sif), let file = try? openAnywhere(blob: sif) else { return nil }
    return EarlierSIF(file, blocks: blocks)
  }

  /// The SIF of the store that an image from elsewhere has most in common with.
  package func earlierSIF(than image: SourceImage, _ compression: SquashfsCompression) -> EarlierSIF? {
    sif(likeLayers: image.layers.reversed().map(\.diffID), form: compression.identity).flatMap(earlierSIF)
  }
}

extension SourceImage {
  /// The same, with what a store knows of its layers: one whose files are known is not read.
  package func known(to store: ImageLayout) -> SourceImage {
    var image = self
    for index in image.layers.indices {
      let diffID = image.layers[index].diffID
      image.layers[index].index = { try store.index(ofLayer: diffID) }
    }
    return image
  }
}
