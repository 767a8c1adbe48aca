package import HostSystem
package import ImageModel

/// An image wherever it lies: its config, and its layers to be read.
package struct SourceImage: Sendable {
  /// As its builder wrote it.
  package var config: [UInt8]
  package var platform: Platform?
  /// The top one first.
  package var layers: [LayerSource]
  /// Bytes of all layers as they lie there; nil when nobody tells.
  package var size: Int?
  /// About what the layers take when they are compressed; nil when nobody tells.
  package var compressedSize: Int?

  /// - Parameters:
  ///   - layers: from the base up; `size` is that of the blob.
  ///   - open: the layer of an index in `layers`.
  /// - Throws: `Failure` when config and layers do not fit.
  package init(
    config bytes: [UInt8], layers: [(blob: Digest?, mediaType: String?, size: Int?)], name: String,
    open: @escaping @Sendable (Int) throws -> any ByteReader
  ) throws {
    let config = try ImageConfig(bytes)
    guard layers.count == config.diffIDs.count else {
      throw Failure(
        "\(name): it has \(layers.count) layers, its config names \(config.diffIDs.count)",
        help: "it is damaged; make it again")
    }
    self.config = bytes
    platform = config.platform
    self.layers = layers.indices.reversed().map { index in
      let (blob, mediaType, _) = layers[index]
      let short = (blob ?? config.diffIDs[index]).short
      return LayerSource(
        name: "layer \(index + 1) of \(layers.count) (\(short)…)", blob: blob, diffID: config.diffIDs[index],
        mediaType: mediaType
      ) { try open(index) }
    }
    size = layers.reduce(0) { (sum: Int?, layer) -> Int? in
      guard let sum, let size = layer.size else { return nil }
      return sum.addingReportingOverflow(size).partialValue
    }
    compressedSize = layers.reduce(0) { (sum: Int?, layer) -> Int? in
      guard let sum, let size = layer.size else { return nil }
      // Hostile sizes must not overflow.
      return sum.addingReportingOverflow(Self.isCompressed(layer.mediaType) ? size : size / 3).partialValue
    }
  }

  private static func isCompressed(_ mediaType: String?) -> Bool {
    guard let mediaType else { return false }
    return mediaType.hasSuffix("gzip") || mediaType.hasSuffix("zstd")
  }

  package init(
    config: [UInt8], manifest: ImageManifest, name: String,
    open: @escaping @Sendable (BlobDescriptor) throws -> any ByteReader
  ) throws {
    let layers = manifest.layers
    try self.init(
      config: config, layers: layers.map { ($0.digest, $0.mediaType, $0.size) }, name: name
    ) { try layers[$0].data.map { MemoryReader($0) } ?? open(layers[$0]) }
  }
}

extension SourceImage {
  /// - Throws: when it is for another platform; one that does not say is taken.
  package func check(_ wanted: Platform?, name: String) throws {
    guard let wanted, let platform, platform.os != wanted.os || platform.architecture != wanted.architecture else {
      return
    }
    throw Failure("\(name) has no image for \(wanted)", help: "it has \(platform)")
  }
}

extension LayerSource {
  /// The same, each piece of its bytes shown before it is passed on: who throws there ends the reading.
  package func watched(_ watch: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void) -> LayerSource {
    var layer = self
    layer.open = { [open] in TeeReader(try open(), watch) }
    return layer
  }
}
