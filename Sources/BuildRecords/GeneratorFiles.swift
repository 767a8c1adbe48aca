internal import HostSystem
internal import ImageModel

/// Looks at what a generator reads: its declared inputs and its program.
struct GeneratorFiles {
  let files: any FileSystem
  let index: FileIndex
  let programDirectories: [FilePath]

  func read(_ recipe: GeneratorRecipe) throws -> ContextSnapshot {
    var snapshot = ContextSnapshot()
    for input in recipe.inputs {
      let place = recipe.definition.directory / FilePath(input.value)
      try add(place, Array(input.value.utf8), input.location, within: [], to: &snapshot)
    }
    if let name = recipe.command.first { try addProgram(name, of: recipe, to: &snapshot) }
    snapshot.files.sort { $0.path.lexicographicallyPrecedes($1.path) }
    return snapshot
  }

  /// The program's bytes stand for its version. One that is not installed is said when it has to run.
  private func addProgram(_ name: String, of recipe: GeneratorRecipe, to snapshot: inout ContextSnapshot) throws {
    let places =
      name.contains("/")
      ? [recipe.definition.directory / FilePath(name)] : programDirectories.map { $0 / FilePath(name) }
    for place in places {
      // A directory that may not be entered has no program for us.
      guard let status = try? files.statusIfPresent(of: place, followingLinks: true), status.kind == .regular,
        status.mode & 0o111 != 0
      else { continue }
      let real = try files.resolved(place)
      let digest = try snapshot.digest(of: real, status, index, files)
      // Its place and permissions say nothing about its version.
      snapshot.files.append(
        StagedFile(path: Array("program \(name)".utf8), kind: .regular(digest), mode: 0, source: real))
      return
    }
  }

  private func add(
    _ place: FilePath, _ path: [UInt8], _ location: SourceLocation, within ancestors: [FilePath],
    to snapshot: inout ContextSnapshot
  ) throws {
    guard let status = try files.statusIfPresent(of: place, followingLinks: true) else {
      // A link below an input may lead nowhere: what is read of it is where it leads.
      if !ancestors.isEmpty { return }
      snapshot.diagnostics.append(
        Diagnostic(.error, "the input '\(String(decoding: path, as: UTF8.self))' does not exist", at: location))
      return
    }
    switch status.kind {
    case .directory:
      let real = try files.resolved(place)
      guard !ancestors.contains(real) else { return }
      snapshot.files.append(StagedFile(path: path, kind: .directory, mode: status.mode, source: nil))
      for entry in try files.entries(of: place) {
        let (inner, name) = (place / entry.name, path + [UInt8(ascii: "/")] + entry.name.bytes)
        if entry.status.kind == .symbolicLink {
          // A command may read the link, or what is behind it.
          let target = try files.target(ofLink: inner)
          snapshot.files.append(
            StagedFile(path: name, kind: .symbolicLink(target: target.bytes), mode: 0o777, source: nil))
          try add(inner, name + Array(" -> ".utf8), location, within: ancestors + [real], to: &snapshot)
        } else {
          try add(inner, name, location, within: ancestors + [real], to: &snapshot)
        }
      }
    case .regular:
      let digest = try snapshot.digest(of: try files.resolved(place), status, index, files)
      snapshot.files.append(StagedFile(path: path, kind: .regular(digest), mode: status.mode, source: place))
    default:
      // What no command can read from: below an input it is passed over.
      if !ancestors.isEmpty { return }
      snapshot.diagnostics.append(
        Diagnostic(
          .error, "the input '\(String(decoding: path, as: UTF8.self))' is neither a file nor a directory", at: location
        ))
    }
  }
}
