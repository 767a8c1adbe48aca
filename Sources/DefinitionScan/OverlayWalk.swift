internal import HostSystem
internal import ImageModel

/// Goes through the search directories and finds the directories with definitions.
struct OverlayWalk {
  /// A directory with a definition.
  struct Finding: Sendable {
    /// Relative to its `docker/` directory; `.` for that itself. Of a VM image it begins with `../vbox`.
    var path: FilePath
    var directory: FilePath
    var origin: DefinitionSource.Origin
  }

  private let files: any FileSystem
  private let memory: WalkMemory
  /// Definitions of docker images, in the order of roots.
  private(set) var findings: [Finding] = []
  /// Definitions of VM images.
  private(set) var machines: [Finding] = []
  /// What was seen of directories, for the next walk.
  private(set) var seen = WalkMemory()
  private(set) var diagnostics: [Diagnostic] = []

  /// - Parameter memory: what is known of directories that have not changed since.
  init(files: any FileSystem, memory: WalkMemory) {
    self.files = files
    self.memory = memory
  }

  private struct Place: Sendable {
    /// As that of what is found there.
    var path: FilePath
    var directory: FilePath
    var isWithinDefinition: Bool
  }

  /// Links are not followed (but for the root itself), hidden directories left out; what disappears on the way is not there.
  mutating func walk(_ root: SearchPath.Root) {
    walk(from: Place(path: ".", directory: root.docker, isWithinDefinition: false), root.origin)
    walk(from: Place(path: SearchPath.machines, directory: root.vbox, isWithinDefinition: false), root.origin)
  }

  private mutating func walk(from start: Place, _ origin: DefinitionSource.Origin) {
    let isMachines = start.path == SearchPath.machines
    var places = [start]
    // Level by level: all directories of one are listed at once, on all cores.
    while !places.isEmpty {
      let (level, summaries) = (places, summaries(of: places))
      places = []
      for (place, summary) in zip(level, summaries) {
        switch summary {
        case .success(let summary)?:
          seen[place.directory] = summary
          places += isMachines ? takeMachine(summary, at: place, origin) : take(summary, at: place, origin)
        case .failure(let error)?: report(error, at: place)
        case nil: break
        }
      }
    }
  }

  private func summaries(of places: [Place]) -> [Result<DirectorySummary, FileSystemError>?] {
    var found = places.map { place in memory[place.directory].map { Result<_, FileSystemError>.success($0) } }
    let (open, files) = (places.indices.filter { found[$0] == nil }, files)
    let listings = Locked([Result<DirectorySummary, FileSystemError>?](repeating: nil, count: open.count))
    concurrently(open.count, threads: readingThreadCount) { index in
      let listing = Result { () throws(FileSystemError) in
        try DirectorySummary(listing: places[open[index]].directory, in: files)
      }
      listings.withLock { $0[index] = listing }
    }
    for (place, listing) in zip(open, listings.withLock({ $0 })) { found[place] = listing }
    return found
  }

  private mutating func report(_ error: FileSystemError, at place: Place) {
    let isTop = place.path == "." || place.path == SearchPath.machines
    if error.reason == .notFound || (error.reason == .notADirectory && !isTop) { return }
    diagnostics.append(
      Diagnostic(
        .error, "cannot look for definitions: \(error.text)", at: SourceLocation(file: place.directory),
        help: "make it readable, or move it out of the tree"))
  }

  /// - Returns: the directories to go on with.
  private mutating func take(
    _ summary: DirectorySummary, at place: Place, _ origin: DefinitionSource.Origin
  ) -> [Place] {
    if summary.isDefinition {
      findings.append(Finding(path: place.path, directory: place.directory, origin: origin))
    } else if let dockerfile = summary.dockerfile, !place.isWithinDefinition {
      diagnostics.append(
        Diagnostic(
          .warning, "no \(DefinitionFile.name) beside this file, so nothing is built from it",
          at: SourceLocation(file: place.directory / dockerfile),
          help: "write one that names an image, or move the file away", rule: .missingDefinition))
    }
    return inner(summary, of: place, isWithinDefinition: place.isWithinDefinition || summary.isDefinition)
  }

  private mutating func takeMachine(
    _ summary: DirectorySummary, at place: Place, _ origin: DefinitionSource.Origin
  ) -> [Place] {
    if summary.isMachine {
      machines.append(Finding(path: place.path, directory: place.directory, origin: origin))
    }
    return inner(summary, of: place, isWithinDefinition: false)
  }

  private func inner(
    _ summary: DirectorySummary, of place: Place, isWithinDefinition: Bool
  ) -> [Place] {
    summary.inner.map {
      Place(
        path: place.path == "." ? $0 : place.path / $0, directory: place.directory / $0,
        isWithinDefinition: isWithinDefinition)
    }
  }
}
