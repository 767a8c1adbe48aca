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
    var entries: [DirectoryEntry]
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

  /// Links are not followed (but for the root itself), hidden directories left out; what disappears on the way is not there.
  mutating func walk(_ root: SearchPath.Root) {
    // A stack of its own: depth is the tree's, not ours.
    var pending: [(path: FilePath, isWithinDefinition: Bool)] = [(".", false)]
    while let (path, isWithin) = pending.popLast() {
      let directory = path == "." ? root.docker : root.docker / path
      let entries: [DirectoryEntry]
      do {
        entries = try files.entries(of: directory)
      } catch {
        if error.reason == .notFound || (error.reason == .notADirectory && path != ".") { continue }
        diagnostics.append(
          Diagnostic(
            .error, "cannot look for definitions: \(error.text)", at: SourceLocation(file: directory),
            help: "make it readable, or move it out of the tree"))
        continue
      }
      directories.insert(path)
      var (isDefinition, dockerfile): (Bool, FilePath?) = (false, nil)
      for entry in entries {
        if entry.status.kind == .directory {
          guard entry.name.bytes.first != UInt8(ascii: ".") else { continue }
        } else if entry.name == Self.definition {
          isDefinition = true
        } else if Self.dockerfiles.contains(entry.name) {
          dockerfile = entry.name
        }
      }
      for entry in entries.reversed()
      where entry.status.kind == .directory && entry.name.bytes.first != UInt8(ascii: ".") {
        pending.append((path == "." ? entry.name : path / entry.name, isWithin || isDefinition))
      }
      if isDefinition {
        findings.append(Finding(path: path, directory: directory, origin: root.origin, entries: entries))
      } else if let dockerfile, !isWithin {
        diagnostics.append(
          Diagnostic(
            .warning, "no \(DefinitionFile.name) beside this file, so nothing is built from it",
            at: SourceLocation(file: directory / dockerfile),
            help: "write one that names an image, or move the file away", rule: .missingDefinition))
      }
    }
  }
}
