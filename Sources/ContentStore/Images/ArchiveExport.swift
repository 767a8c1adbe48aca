package import HostSystem
package import ImageModel
internal import JSONText

extension ImageLayout {
  /// Writes an image as a docker-archive, for `docker load` and its kin, layer by layer.
  ///
  /// - Parameter names: those with a tag become tags of the image.
  /// - Throws: `Failure` when the image is not whole; what was written before is then no archive.
  package func exportArchive(config: Digest, names: [ImageReference], to writer: any ByteWriter) throws {
    guard let image = try image(config) else {
      throw Failure("image \(config) is not in the content store", help: "build it again")
    }
    let archive = TarWriter(writer)
    var written: Set<Digest> = []
    for layer in image.layers where written.insert(layer.diffID).inserted {
      try archive.begin(Self.name(layer), size: layer.uncompressedSize)
      try write(layer, to: writer)
      try archive.finishEntry(size: layer.uncompressedSize)
    }
    try archive.add(config.hex + ".json", try contents(ofBlob: config))
    let manifest = JSONValue.array([
      .object([
        ("Config", .string(config.hex + ".json")),
        ("RepoTags", .array(names.filter { $0.tag != nil && $0.digest == nil }.map { .string($0.description) })),
        ("Layers", .array(image.layers.map { .string(Self.name($0)) })),
      ])
    ])
    try archive.add("manifest.json", Array(manifest.text.utf8))
    try archive.finish()
  }

  private static func name(_ layer: StoredLayer) -> String { layer.diffID.hex + ".tar" }

  /// The uncompressed tar, verified while it passes.
  private func write(_ layer: StoredLayer, to writer: any ByteWriter) throws {
    guard try size(ofBlob: layer.blob) == layer.size else { throw damage(layer.blob) }
    let tar = try open(layer: layer)
    var hasher = SHA256Hasher()
    var left = layer.uncompressedSize
    try tar.forEachPiece { piece in
      left -= piece.count
      // The entry's size stands in the archive already.
      guard left >= 0 else { throw damage(layer.blob) }
      hasher.update(piece)
      try writer.write(piece)
    }
    guard left == 0, hasher.finish() == layer.diffID else { throw damage(layer.blob) }
  }

  /// The uncompressed tar of a layer; the reader does not verify.
  package func open(layer: StoredLayer) throws -> any ByteReader {
    try GzipReader(try open(blob: layer.blob), name: "layer \(layer.blob)")
  }
}
