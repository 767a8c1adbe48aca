internal import HostSystem
internal import ImageModel

extension ImageLayout {
  /// Stores an image from elsewhere; layers that are here already are not read.
  ///
  /// The config's bytes are kept, and those of compressed layers: what coppice has published comes back as it was.
  /// - Throws: `Failure`; the store is as before then, but for layers that came whole.
  package func keep(_ image: SourceImage, limits: ArchiveLimits = ArchiveLimits()) throws -> StoredImage {
    try inStore {
      try prepare()
      let config = try ImageConfig(image.config)
      return try assemble(config, layers: try image.layers.reversed().map { try keep($0, limits) })
    }
  }

  private func keep(_ source: LayerSource, _ limits: ArchiveLimits) throws -> StoredLayer {
    if let known = try layer(source.diffID) { return known }
    let intake = LayerIntake(store: self, limits: limits)
    let content = BufferedReader(try source.open(), size: 1 << 16)
    let layer: StoredLayer
    switch LayerCompression(magic: try content.peek(LayerCompression.magicSize)) {
    case .gzip: layer = try intake.store(gzip: content, promised: source.blob, name: source.name)
    case .zstd: layer = try intake.store(zstd: content, promised: source.blob, name: source.name)
    case .none?: layer = try intake.store(tar: content, promised: source.diffID, name: source.name)
    case nil: throw Failure("\(source.name) is no layer that can be read", help: "is it encrypted?")
    }
    guard layer.diffID == source.diffID else {
      throw Failure("\(source.name) holds \(layer.diffID), its config says \(source.diffID)", help: "it is damaged")
    }
    return layer
  }
}
