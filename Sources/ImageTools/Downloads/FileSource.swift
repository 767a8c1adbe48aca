import HostSystem
package import ImageModel

/// A file that somebody has published.
package struct PublishedFile: Hashable, Sendable {
  package var name: String
  package var digest: Digest
  package var size: Int
  /// In whose repository of a registry it lies; nil elsewhere.
  var reference: ImageReference?
}

/// Where published files are read.
///
/// Everything throws `Failure` in words, or `CancellationError`.
protocol FileSource: Sendable {
  /// Appends to a file what is still missing of it; the digest is nobody's business here.
  /// - Parameter progress: told how many more bytes are there.
  func bring(_ file: PublishedFile, to part: FilePath, progress: @escaping @Sendable (Int) -> Void) async throws
}

/// A source whose files have names.
protocol FileListing: FileSource {
  /// All of them, by name.
  func list() async throws -> [PublishedFile]

  /// What lies beside a file under its name with an ending; nil when there is no such thing.
  func companion(_ suffix: String, of file: PublishedFile) async throws -> [UInt8]?
}
