import BuildRecords
import HostSystem
import ImageModel

/// The permissions of a context's directories as an artifact was last built with them.
///
/// BuildKit's cache (measured in docker 20.10) takes `COPY` of a tree for the same when only the permissions of its
/// directories differ. So a build in which they differ from the last one passes the cache by, which also puts the new
/// ones into the cache.
struct DirectoryModes: Sendable {
  private let files: any FileSystem
  private let record: FilePath
  private let current: Digest

  /// - Parameter directory: holds one small file for each artifact; losing them means trusting the cache once.
  init(of staged: [StagedFile], for id: ArtifactID, below directory: FilePath, files: any FileSystem) {
    self.files = files
    record = directory / FilePath(Digest.sha256(id.description).hex)
    var hasher = SHA256Hasher()
    for file in staged where file.kind == .directory {
      hasher.update(Array("\(file.mode) \(file.path.count) ".utf8) + file.path)
    }
    current = hasher.finish()
  }

  var haveChanged: Bool {
    let bytes = try? files.contentsIfPresent(of: record, limit: 256)
    return bytes.map { $0 != Array(current.hex.utf8) } ?? false
  }

  /// Until `end` nobody knows what the cache holds.
  func begin() throws { try write("building") }
  func end() throws { try write(current.hex) }

  private func write(_ text: String) throws {
    try files.createDirectory(record.parent)
    try files.replace(record, with: Array(text.utf8), mode: 0o644)
  }
}
