package import ImageModel

extension ImageLayout {
  private static let kind = "coppice content 1"

  /// The whole image that a recorded output means: that very image, else one of the same content, which was made from the
  /// same at another time, as on a clone; nil when the store has neither. docs/design.md, "A recorded image".
  package func image(for output: ArtifactOutput) throws -> StoredImage? {
    if let image = try whole(output.digest) { return image }
    return try output.content.flatMap { try image(ofContent: $0) }
  }

  /// A whole image of this content, the first that was made.
  func image(ofContent content: Digest) throws -> StoredImage? {
    try digest(ofContent: content).flatMap { try whole($0) }.flatMap { $0.content == content ? $0 : nil }
  }

  /// Lets the image be found by its content. A later one takes no whole one's place, so that names stay where they are.
  func recordContent(of image: StoredImage) throws {
    if try self.image(ofContent: image.content) == nil { try recordContent(image.content, image.config) }
  }

  func recordContent(_ content: Digest, _ digest: Digest) throws {
    try write(contentRecords / FilePath(content.hex), CheckedText.encode(Self.kind, [digest.description]))
  }

  /// What `recordContent` has kept.
  func digest(ofContent content: Digest) throws -> Digest? {
    let lines = try inStore { try checkedLines(contentRecords / FilePath(content.hex), Self.kind) }
    guard let words = lines?.first, words.count == 1 else { return nil }
    return Digest(words[0])
  }

  private func whole(_ config: Digest) throws -> StoredImage? {
    guard let image = try image(config), try fault(of: image) == nil else { return nil }
    return image
  }
}
