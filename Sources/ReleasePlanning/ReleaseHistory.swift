package import HostSystem
package import ImageModel

/// The releases of a repository, each a file that people commit, and the one that has begun and not ended.
package struct ReleaseHistory: Sendable {
  private let directory: FilePath
  private let pendingPath: FilePath
  private let files: any FileSystem

  /// - Parameters:
  ///   - directory: `releases/` of the repository.
  ///   - pending: where the release is kept while names switch.
  package init(directory: FilePath, pending: FilePath, files: any FileSystem) {
    self.directory = directory
    pendingPath = pending
    self.files = files
  }

  /// From the oldest to the newest.
  /// - Throws: `InvalidInput` for a damaged file, `FileSystemError`.
  package func releases() throws -> [Release] {
    guard try files.statusIfPresent(of: directory) != nil else { return [] }
    let names = try files.names(of: directory).compactMap(\.name.text).filter { $0.hasSuffix(".yaml") }.sorted()
    return try names.map { try read(directory / FilePath($0)) }
  }

  /// The time of a release that is made now: after all of the others, also within one second or by a clock that went back,
  /// since releases are read in the order of their times.
  func time(of now: Int) throws -> Int {
    guard let newest = try releases().last?.time, newest >= now else { return now }
    return newest == .max ? newest : newest + 1
  }

  /// The release whose names may have switched in part; nil when none has begun.
  package func pending() throws -> Release? {
    guard try files.statusIfPresent(of: pendingPath) != nil else { return nil }
    let release = try read(pendingPath)
    // Whoever was killed between writing it down and forgetting that it had begun has ended it.
    return try files.statusIfPresent(of: path(of: release)) == nil ? release : nil
  }

  private func path(of release: Release) -> FilePath { directory / FilePath(release.name + ".yaml") }

  private func read(_ path: FilePath) throws -> Release {
    try Release(reading: try files.contents(of: path, limit: 64 << 20), file: path)
  }

  /// What each name led to after the last release that named it, and whose it was.
  package func last(at destination: String) throws -> [String: (artifact: ArtifactID, digest: Digest)] {
    try releases().reduce(into: [:]) { last, release in
      for (name, target) in release.targets(at: destination) {
        last[name] = target.digest.map { (target.artifact, $0) }
      }
    }
  }

  /// Where names lead through the releases that applied a plan, also through one that has not ended.
  package func switches(by plan: Digest) throws -> [OwnChanges.NameAtPlace: Digest?] {
    let own = try (releases() + [pending()].compactMap(\.self)).filter { $0.plan == plan }
    return own.flatMap(\.entries).reduce(into: [:]) { switches, entry in
      switches[OwnChanges.NameAtPlace(entry.change.name, at: entry.destination)] = .some(entry.change.to)
    }
  }

  /// Before the first name switches: who comes later knows what to go on with, or to take back.
  package func begin(_ release: Release) throws {
    try files.createDirectory(pendingPath.parent)
    try files.replace(pendingPath, with: Array(release.text.utf8), mode: 0o644)
  }

  /// After the last name has switched.
  /// - Returns: the file.
  @discardableResult package func finish(_ release: Release) throws -> FilePath {
    let path = path(of: release)
    try files.createDirectory(directory)
    try files.replace(path, with: Array(release.text.utf8), mode: 0o644)
    try abandon()
    return path
  }

  /// Forgets the release that had begun.
  package func abandon() throws {
    if try files.statusIfPresent(of: pendingPath) != nil { try files.remove(pendingPath) }
  }
}
