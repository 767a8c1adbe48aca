import BuildEngine
import BuildRecords
import HostSystem
import ImageModel

/// A directory with exactly the files that were hashed, as copies: a link to a file would change the file's ctime.
struct ContextStage: Sendable {
  let files: any FileSystem
  /// Where generated files lie in the store.
  let blob: @Sendable (Digest) -> FilePath

  /// - Parameter directory: is made here.
  /// - Throws: `StepFailure` when a file is not what was hashed.
  func fill(
    _ directory: FilePath, with staged: [StagedFile], recipe: ImageRecipe, generated: [FilePath: Digest]
  ) throws {
    try files.createDirectory(directory)
    var made: Set<FilePath> = [directory]
    var directories: [(place: FilePath, mode: UInt16, origin: FilePath)] = []
    for file in staged {
      try Task.checkCancellation()
      let path = FilePath(bytes: file.path)
      let place = directory / path
      let origin = recipe.definition.directory / path
      try makeParents(of: place, in: directory, recipe, &made)
      switch file.kind {
      case .directory:
        if made.insert(place).inserted { try files.createDirectory(place) }
        directories.append((place, file.mode, origin))
      case .symbolicLink(let target):
        try files.createLink(place, to: FilePath(bytes: target))
        try copyTime(from: origin, to: place)
      case .regular(let digest):
        try put(file, digest, at: place, recipe)
      }
    }
    for (name, digest) in generated.sorted(by: { $0.key < $1.key }) {
      let place = directory / name
      try makeParents(of: place, in: directory, recipe, &made)
      try files.remove(place)
      try copy(blob(digest), to: place, mode: 0o644, digest, name: name.description)
    }
    // Last, and from the leaves: a directory may be read-only, and writing into it changes its time.
    for (place, mode, origin) in directories.reversed() {
      try files.setMode(mode, of: place)
      try copyTime(from: origin, to: place)
    }
  }

  private func put(_ file: StagedFile, _ digest: Digest, at place: FilePath, _ recipe: ImageRecipe) throws {
    let name = String(decoding: file.path, as: UTF8.self)
    if let source = file.source { return try copy(source, to: place, mode: file.mode, digest, name: name) }
    guard let bytes = recipe.renderedFiles[FilePath(bytes: file.path)], Digest.sha256(bytes) == digest else {
      throw StepFailure("\(name): nothing is known of its contents", help: "run again")
    }
    try files.replace(place, with: bytes, mode: file.mode)
    try copyTime(from: recipe.definition.directory / FilePath(name + ".template"), to: place)
  }

  private func copy(
    _ source: FilePath, to place: FilePath, mode: UInt16, _ digest: Digest, name: String
  ) throws {
    let changed = StepFailure(
      "changed while building: \(name); nothing was recorded", help: "run again when nothing writes there")
    do {
      guard try files.copy(source, to: place, mode: mode) == digest else { throw changed }
    } catch let error as FileSystemError where error.path == source {
      // It may be gone, or a link or a directory by now.
      if (try? files.status(of: source, followingLinks: false))?.kind != .regular { throw changed }
      throw error
    }
    try copyTime(from: source, to: place)
  }

  /// Images keep the times of files, though no fingerprint sees them. A source that is out of reach by now is noticed
  /// when the inputs are looked at again.
  private func copyTime(from source: FilePath, to place: FilePath) throws {
    guard let status = try? files.status(of: source, followingLinks: false) else { return }
    try files.setModified(status.modified, of: place)
  }

  /// Directories that only lead to a file are as engines make them.
  /// - Throws: `StepFailure` rather than following a link, which may lead out of the context.
  private func makeParents(
    of place: FilePath, in context: FilePath, _ recipe: ImageRecipe, _ made: inout Set<FilePath>
  ) throws {
    var missing: [FilePath] = []
    var parent = place.parent
    while !made.contains(parent) && !parent.isEmpty && parent != "/" {
      missing.append(parent)
      parent = parent.parent
    }
    for directory in missing.reversed() {
      if let kind = try files.statusIfPresent(of: directory)?.kind, kind != .directory {
        func name(_ path: FilePath) -> String { (path.relative(to: context) ?? path).description }
        throw StepFailure(
          "\(name(place)) cannot be written: \(name(directory)) is "
            + (kind == .symbolicLink ? "a symbolic link" : "not a directory"), at: recipe.location,
          help: "write it to another place, or make \(name(directory)) a directory")
      }
      try files.createDirectory(directory)
      try files.setMode(0o755, of: directory)
      made.insert(directory)
    }
  }
}
