internal import HostSystem
internal import ImageModel

/// Looks at the files of this machine that a VM image is made of: those that its steps name, with all below them, and a
/// base, a medium or answers that lie here.
struct MachineSources {
  let files: any FileSystem
  let index: FileIndex

  /// Every path that is read, as it is written.
  static func paths(of recipe: MachineRecipe) -> [Located<String>] {
    recipe.steps.flatMap(\.sources) + pathsOfBase(recipe)
  }

  /// Those that are read for the base.
  static func pathsOfBase(_ recipe: MachineRecipe) -> [Located<String>] {
    var paths: [Located<String>] = []
    for file in recipe.base.files {
      if case .path(let path) = file.place { paths.append(Located(path, at: file.location)) }
    }
    if case .installer(let installer) = recipe.base {
      paths.append(Located(installer.answers, at: installer.medium.location))
    }
    return paths
  }

  func read(_ recipe: MachineRecipe) throws -> ContextSnapshot {
    var snapshot = ContextSnapshot()
    var seen = Set<FilePath>()
    for source in Self.paths(of: recipe) {
      let path = FilePath(source.value).normalized
      guard seen.insert(path).inserted else { continue }
      let walk = SourceWalk(files: files, index: index, source: path, location: source.location)
      try walk.add(recipe.definition.directory.appending(path).normalized, path, within: [], to: &snapshot)
    }
    // A source may lie below another one.
    snapshot.files = Set(snapshot.files).sorted { precedes(($0.path, $0.value), ($1.path, $1.value)) }
    checkBases(recipe, &snapshot)
    return snapshot
  }

  /// A base of this machine is what its definition says, or nothing is built.
  private func checkBases(_ recipe: MachineRecipe, _ snapshot: inout ContextSnapshot) {
    for file in recipe.base.files {
      guard case .path(let written) = file.place, let wanted = file.digest else { continue }
      let path = FilePath(written).normalized.bytes
      guard let digest = snapshot.files.first(where: { $0.path == path })?.digest, digest != wanted else { continue }
      snapshot.diagnostics.append(
        Diagnostic(
          .error, "'\(written)' is not the file that 'sha256' names: it has \(digest)", at: file.location,
          help: "get the right file, or correct 'sha256'"))
    }
  }
}

/// The walk over one source.
private struct SourceWalk {
  let files: any FileSystem
  let index: FileIndex
  let source: FilePath
  let location: SourceLocation

  /// What lies at a place, links followed: the source itself, or what a link stands for.
  func add(
    _ place: FilePath, _ path: FilePath, within ancestors: [FilePath], to snapshot: inout ContextSnapshot
  ) throws {
    guard let status = try files.statusIfPresent(of: place, followingLinks: true) else {
      return report("'\(source)' does not exist", &snapshot)
    }
    switch status.kind {
    case .directory:
      let real = try files.resolved(place)
      guard !ancestors.contains(real) else {
        return report("a link in '\(source)' leads to a directory that contains it: \(place)", &snapshot)
      }
      snapshot.saw(place, status)
      snapshot.files.append(StagedFile(path: path.bytes, kind: .directory, mode: status.mode, source: nil))
      for entry in try files.entries(of: place) {
        try add(entry, place / entry.name, path / entry.name, within: ancestors + [real], to: &snapshot)
      }
    case .regular:
      let digest = try snapshot.digest(of: try files.resolved(place), status, index, files)
      snapshot.files.append(StagedFile(path: path.bytes, kind: .regular(digest), mode: status.mode, source: place))
    default: report("'\(place)' is neither a file nor a directory", &snapshot)
    }
  }

  private func add(
    _ entry: DirectoryEntry, _ place: FilePath, _ path: FilePath, within ancestors: [FilePath],
    to snapshot: inout ContextSnapshot
  ) throws {
    switch entry.status.kind {
    case .symbolicLink:
      let target = try files.target(ofLink: place)
      // As in contexts: a link that leads out of the source stands for what is there, every other one is a link of the guest.
      if leaves(target, at: path), try files.statusIfPresent(of: place, followingLinks: true) != nil {
        return try add(place, path, within: ancestors, to: &snapshot)
      }
      snapshot.saw(place, entry.status)
      snapshot.files.append(
        StagedFile(path: path.bytes, kind: .symbolicLink(target: target.bytes), mode: 0o777, source: place))
    case .directory, .regular: try add(place, path, within: ancestors, to: &snapshot)
    // Sockets and their like mean nothing on another machine.
    default: break
    }
  }

  private func leaves(_ target: FilePath, at path: FilePath) -> Bool {
    guard !target.isAbsolute, let inside = path.parent.relative(to: source) else { return false }
    return inside.appending(target).normalized.components.first == Array("..".utf8)
  }

  private func report(_ message: String, _ snapshot: inout ContextSnapshot) {
    snapshot.diagnostics.append(Diagnostic(.error, message, at: location))
  }
}

private func precedes(_ left: ([UInt8], [UInt8]), _ right: ([UInt8], [UInt8])) -> Bool {
  left.0 == right.0 ? left.1.lexicographicallyPrecedes(right.1) : left.0.lexicographicallyPrecedes(right.0)
}

extension [StagedFile] {
  /// What one source of a VM image's step is: a file, or a directory with all below it, by the paths that begin with its
  /// own.
  package func below(source: String) -> [StagedFile] {
    let path = FilePath(source).normalized
    let found = filter { FilePath(bytes: $0.path).isBelow(path) }
    // What another source has as a link is followed where it is a source itself.
    guard found.contains(where: { $0.path == path.bytes && !$0.isLink }) else { return found }
    return found.filter { $0.path != path.bytes || !$0.isLink }
  }
}
