package import HostSystem
package import ImageModel

/// Decides which directory is the repository.
package enum RepositoryFinder {
  /// The first of: `option` (`-r`); the directory with `coppice.yaml` from `directory` upwards; `environmentValue`
  /// ($CASA_DEFAULT_REPOSITORY); `casa_distro` in `home`. Nil when there is none of them.
  ///
  /// - Parameter directory: absolute; relative paths start there.
  /// - Throws: when the directory that a person named is none.
  package static func find(
    option: FilePath?, from directory: FilePath, environmentValue: String?, home: FilePath?, files: any FileSystem
  ) throws(InvalidInput) -> FilePath? {
    if let option { return try named(option, "the repository '\(option)'", directory, files) }
    var current = directory.normalized
    while true {
      if kind(of: current / Settings.fileName, files) == .regular { return current }
      if current == "/" || current.isEmpty { break }
      current = current.parent
    }
    if let value = environmentValue, !value.isEmpty {
      return try named(FilePath(value), "CASA_DEFAULT_REPOSITORY, '\(value)',", directory, files)
    }
    guard let candidate = home.map({ $0 / "casa_distro" }), kind(of: candidate, files) == .directory else { return nil }
    return candidate
  }

  private static func named(
    _ path: FilePath, _ what: String, _ directory: FilePath, _ files: any FileSystem
  ) throws(InvalidInput) -> FilePath {
    let absolute = directory.appending(path).normalized
    guard kind(of: absolute, files) == .directory else {
      throw InvalidInput([Diagnostic(.error, "\(what) is not a directory")])
    }
    return absolute
  }

  private static func kind(of path: FilePath, _ files: any FileSystem) -> FileStatus.Kind? {
    // A directory that cannot be looked into holds no repository of ours.
    (try? files.status(of: path, followingLinks: true))?.kind
  }
}
