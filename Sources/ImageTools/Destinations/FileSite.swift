import HostSystem
import ImageModel
import ReleasePlanning

/// Where a directory with releases lies, and how files come there. Paths are relative to the directory.
///
/// Everything throws `Failure`, `FileSystemError` or `CancellationError`.
protocol FileSite: Sendable {
  /// For messages.
  var name: String { get }

  /// What lies in `.coppice`; nil when there is nothing at all.
  func overview() async throws -> SiteOverview?

  /// What lies at paths; one with nothing is left out.
  /// - Parameter hashed: of which the digest is asked for, where it is no file of ours.
  func entries(_ paths: [String], hashed: Set<String>) async throws -> [String: SiteEntry]

  /// Both at once.
  func look(
    _ paths: [String], hashed: Set<String>
  ) async throws -> (entries: [String: SiteEntry], overview: SiteOverview?)

  /// Makes changes, in their order; ends with the first that fails.
  /// - Parameter last: what is made after them, and fails nothing.
  func perform(_ changes: [SiteChange], last: [SiteChange]) async throws

  /// Brings a file there under its digest, whole or not at all, unless it is there; and what lies beside it.
  /// - Parameters:
  ///   - companions: by their endings; those that are there stay.
  ///   - progress: told how many more bytes are there.
  func put(
    _ file: any RandomAccessFile, _ digest: Digest, companions: [(suffix: String, bytes: [UInt8])],
    progress: @escaping @Sendable (Int) -> Void
  ) async throws

  /// A small file; nil when there is none.
  func read(_ path: String, limit: Int) async throws -> [UInt8]?

  /// Appends to a file here what is still missing of one there.
  /// - Parameter progress: told how many more bytes are here.
  func bring(_ path: String, to part: FilePath, progress: @escaping @Sendable (Int) -> Void) async throws

  /// Keeps other publishers away.
  /// - Throws: `Failure` when another publishes.
  func hold() async throws -> any DestinationHold
}

/// What is known of the files of a site.
struct SiteOverview: Sendable {
  /// The number of the release that is shown.
  var current: Int?
  /// `index.json` of that release.
  var index: [UInt8]?
  /// Sizes of what lies in `.coppice/files`, by name.
  var files: [String: Int] = [:]
  /// For each release the names of files that its names lead to.
  var releases: [Int: Set<String>] = [:]
}

/// What lies under a name that people use.
enum SiteEntry: Hashable, Sendable {
  /// A link through the current release.
  case ours
  /// A file that was put there without coppice, or a link to one; with its digest where that was asked for.
  case foreign(Digest?, size: Int)
  /// A link that leads nowhere.
  case dangling
  case noFile
}

/// One step of what changes the files of a site.
enum SiteChange: Hashable, Sendable {
  /// Copies a file that was put there without coppice, whole or not at all; nil where nobody knows its digest.
  case keep(String, as: String, Digest?)
  /// Missing parents too.
  case directory(String)
  /// Nothing lies there yet.
  case link(String, to: String)
  /// As a whole.
  case write(String, [UInt8])
  case remove(String)
  case removeTree(String)
  /// Over what lies there.
  case rename(String, to: String)
  /// What was changed so far outlives a power cut.
  case sync
}
