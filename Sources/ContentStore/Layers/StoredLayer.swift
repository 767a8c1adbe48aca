package import ImageModel

/// A layer in the store, as its diff_id leads to it.
package struct StoredLayer: Hashable, Sendable {
  /// SHA-256 of the uncompressed tar.
  package var diffID: Digest
  /// The compressed tar.
  package var blob: Digest
  package var size: Int
  package var uncompressedSize: Int
  /// The blob that lists its entries without times: the layer's content digest.
  package var listing: Digest
}

extension ImageLayout {
  private static let kind = "coppice layer 1"

  /// The layer with this diff_id; nil when it is unknown or its blob is not there as it was written.
  package func layer(_ diffID: Digest) throws -> StoredLayer? {
    let lines = try inStore { try checkedLines(layerRecords / FilePath(diffID.hex), Self.kind) }
    guard let lines, lines.count == 1, let layer = StoredLayer(words: lines[0]), layer.diffID == diffID,
      try size(ofBlob: layer.blob) == layer.size, try size(ofBlob: layer.listing) != nil
    else { return nil }
    return layer
  }

  func record(_ layer: StoredLayer) throws {
    let path = layerRecords / FilePath(layer.diffID.hex)
    try write(path, CheckedText.encode(Self.kind, [layer.words]))
  }
}

extension StoredLayer {
  /// As it stands in records.
  var words: String { "\(diffID) \(blob) \(size) \(uncompressedSize) \(listing)" }

  init?(words: [String]) {
    guard words.count == 5, let diffID = Digest(words[0]), let blob = Digest(words[1]), let size = Int(words[2]),
      let uncompressedSize = Int(words[3]), let listing = Digest(words[4])
    else { return nil }
    self.init(diffID: diffID, blob: blob, size: size, uncompressedSize: uncompressedSize, listing: listing)
  }
}
