internal import HostSystem
internal import ImageModel

/// Goes through the search directories and finds the directories with definitions.
struct OverlayWalk {
  /// A directory with a `casa_distro_docker.yaml`.
  struct Finding {
    /// Relative to its `docker/` directory; `.` for that itself.
    var path: FilePath
    var directory: FilePath
    var origin: DefinitionSource.Origin
    /// Sorted by the bytes of their names.
    var entries: [DirectoryName]
  }

  private static let definition = FilePath(DefinitionFile.name)
  private static let dockerfiles: [FilePath] = ["Dockerfile", "Dockerfile.template"]

  private let files: any FileSystem
  /// In the order of roots.
  private(set) var findings: [Finding] = []
  /// Relative paths of all directories of the overlay.
  private(set) var directories: Set<FilePath> = []
  private(set) var diagnostics: [Diagnostic] = []

  init(files: any FileSystem) { self.files = files }

  private struct Place: Sendable {
    /// Relative to the root's `docker/` directory.
    var path: FilePath
    var isWithinDefinition: Bool
  }

  /// Links are not followed (but for the root itself), hidden directories left out; what disappears on the way is not there.
  mutating func walk(_ root: SearchPath.Root) {
    var places = [Place(path: ".", isWithinDefinition: false)]
    // Level by level: all directories of one are listed at once, on all cores.
    while !places.isEmpty {
      let (level, files, docker) = (places, files, root.docker)
      let listings = Locked([Result<[DirectoryName], FileSystemError>?](repeating: nil, count: level.count))
      concurrently(level.count) { index in
        let listing = Result { () throws(FileSystemError) in
          try files.names(of: Self.directory(level[index].path, in: docker))
        }
        listings.withLock { $0[index] = listing }
      }
      places = []
      for (place, listing) in zip(level, listings.withLock({ $0 })) {
        switch listing {
        case .success(let names)?: places += take(names, at: place, root)
        case .failure(let error)?: report(error, at: place, root)
        case nil: break
        }
      }
    }
  }

  private static func directory(_ path: FilePath, in docker: FilePath) -> FilePath {
    path == "." ? docker : docker / path
  }

  private mutating func report(_ error: FileSystemError, at place: Place, _ root: SearchPath.Root) {
    if error.reason == .notFound || (error.reason == .notADirectory && place.path != ".") { return }
    diagnostics.append(
      Diagnostic(
        .error, "cannot look for definitions: \(error.text)",
        at: SourceLocation(file: Self.directory(place.path, in: root.docker)),
        help: "make it readable, or move it out of the tree"))
  }

  /// - Returns: the directories to go on with.
  private mutating func take(_ names: [DirectoryName], at place: Place, _ root: SearchPath.Root) -> [Place] {
    directories.insert(place.path)
    let directory = Self.directory(place.path, in: root.docker)
    var (isDefinition, dockerfile, inner): (Bool, FilePath?, [FilePath]) = (false, nil, [])
    for entry in names {
      if entry.kind == .directory {
        if entry.name.bytes.first != UInt8(ascii: ".") { inner.append(entry.name) }
      } else if entry.name == Self.definition {
        isDefinition = true
      } else if Self.dockerfiles.contains(entry.name) {
        dockerfile = entry.name
      }
    }
    if isDefinition {
      findings.append(Finding(path: place.path, directory: directory, origin: root.origin, entries: names))
    } else if let dockerfile, !place.isWithinDefinition {
      diagnostics.append(
        Diagnostic(
          .warning, "no \(DefinitionFile.name) beside this file, so nothing is built from it",
          at: SourceLocation(file: directory / dockerfile),
          help: "write one that names an image, or move the file away", rule: .missingDefinition))
    }
    return inner.map {
      Place(
        path: place.path == "." ? $0 : place.path / $0,
        isWithinDefinition: place.isWithinDefinition || isDefinition)
    }
  }
}
