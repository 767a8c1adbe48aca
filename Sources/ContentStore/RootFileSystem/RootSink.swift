package import ImageModel

/// Takes the contents of a root file system while its layers are read, the top one first.
///
/// What it is told of a layer's files depends on the layers below it in nothing, and on those above only in which files are skipped.
package protocol RootSink: AnyObject {
  func layerBegins() throws
  /// Whether `file` needs no bytes for this content.
  func knows(_ content: Digest, size: Int) -> Bool
  /// A file whose content is known by its digest.
  /// - Returns: nil when its bytes are needed: they follow as another file's.
  func file(_ content: Digest, size: Int) throws -> ContentID?
  /// A file; its content follows in pieces, then `endFile`.
  /// - Parameter digest: of its content; nil when it is not known.
  func beginFile(size: Int, digest: Digest?) throws
  func content(_ piece: UnsafeRawBufferPointer) throws
  func endFile() throws -> ContentID
  /// A file that an upper layer hides, in the place where it would have come. When a hard link still needs it, it comes
  /// as a file at the end of its layer.
  func skipFile(size: Int) throws
}

extension RootSink {
  package func knows(_ content: Digest, size: Int) -> Bool { false }
  package func file(_ content: Digest, size: Int) throws -> ContentID? { nil }
}

/// What layers may hold at most: they come from anywhere.
package struct RootLimits: Sendable {
  /// Bytes of one layer, decompressed.
  package var layer = 1 << 38
  /// Files, directories and links of one layer, those among them that are not named but must exist.
  package var entries = 8_000_000
  /// Bytes of all names and attributes of one layer, which are kept in memory.
  package var names = 1 << 30
  /// Bytes of the holes of all sparse files of one layer.
  package var holes = 1 << 36

  package init() {}
}
