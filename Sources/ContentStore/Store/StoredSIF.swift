package import ImageModel

/// A SIF in the store, and what it was made of.
package struct StoredSIF: Hashable, Sendable {
  /// Of the file.
  package var digest: Digest
  package var size: Int
  /// Equal for SIFs that are made in the same way of images with the same content.
  package var content: Digest
  /// Config digest of the image.
  package var image: Digest
  /// Of the file, as hexadecimal digits.
  package var md5: String?

  package init(digest: Digest, size: Int, content: Digest, image: Digest, md5: String?) {
    self.digest = digest
    self.size = size
    self.content = content
    self.image = image
    self.md5 = md5
  }

  package var output: ArtifactOutput { ArtifactOutput(digest: digest, content: content, size: size) }
}

extension ImageLayout {
  private static let kind = "coppice sif 1"

  /// Keeps what a SIF was made of, for as long as it stays, and lets it be found by its content.
  package func record(_ sif: StoredSIF) throws {
    try inStore {
      let words = "\(sif.digest) \(sif.size) \(sif.content) \(sif.image) \(sif.md5 ?? "-")"
      try write(sifRecords / FilePath(sif.digest.hex), CheckedText.encode(Self.kind, [words]))
      // A later one takes no whole one's place: what has a name stays where it is.
      if try self.sif(ofContent: sif.content) == nil { try recordContent(sif.content, sif.digest) }
    }
  }

  /// The whole SIF that a recorded output means: that very one, else one of the same content, which was made of another
  /// image of the same content, as on a clone; nil when the store has neither. docs/design.md, "A recorded image".
  package func sif(for output: ArtifactOutput) throws -> StoredSIF? {
    if let sif = try sif(output.digest) { return sif }
    return try output.content.flatMap { try sif(ofContent: $0) }
  }

  /// The SIF with this digest; nil when it is unknown, or not whole by its size.
  func sif(_ digest: Digest) throws -> StoredSIF? {
    let lines = try inStore { try checkedLines(sifRecords / FilePath(digest.hex), Self.kind) }
    guard let words = lines?.first, words.count == 5, Digest(words[0]) == digest, let size = Int(words[1]),
      let content = Digest(words[2]), let image = Digest(words[3]), try self.size(ofBlob: digest) == size
    else { return nil }
    return StoredSIF(digest: digest, size: size, content: content, image: image, md5: words[4] == "-" ? nil : words[4])
  }

  /// A whole SIF of this content, the first that was made.
  func sif(ofContent content: Digest) throws -> StoredSIF? {
    try digest(ofContent: content).flatMap { try sif($0) }.flatMap { $0.content == content ? $0 : nil }
  }
}
