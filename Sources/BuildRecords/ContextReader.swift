internal import DockerfileText
package import HostSystem
package import ImageModel

/// Walks a context and hashes exactly the files that the build can see.
package struct ContextReader: Sendable {
  private let files: any FileSystem
  private let index: FileIndex
  private let isHashing: Bool

  /// - Parameter isHashing: without it no file is read, and every one counts as empty: for names and sizes only.
  package init(files: any FileSystem, index: FileIndex, isHashing: Bool = true) {
    self.files = files
    self.index = index
    self.isHashing = isHashing
  }

  /// Definition files are never part of a context.
  package static let definitionNames: Set<FilePath> = ["casa_distro_docker.yaml", "casa_distro_vbox.yaml"]

  /// - Throws: `Failure` when the directory changes again and again while it is read.
  package func read(_ recipe: ImageRecipe) throws -> ContextSnapshot {
    var reach = recipe.dockerfile.reach
    let root = recipe.definition.directory
    var links = LeadingLinks(files: files, root: root, realRoot: try files.resolved(root))
    var index = index
    // A link that is itself a source is followed by the engine, so its target counts too; targets may be links again.
    for _ in 0..<40 {
      if case .selected(let selectors) = reach { reach = .selected(links.follow(selectors)) }
      var walk = ContextWalk(
        files: files, index: index, isHashing: isHashing, recipe: recipe, reach: reach, links: links)
      do {
        try walk.run()
      } catch let error as FileSystemError where error.reason == .tooManyLinks || error.reason == .notADirectory {
        // Links are looked at before they are followed: a directory on the way has become a link since.
        throw Failure("\(error.path) changed while it was read", help: "run again when nothing writes there")
      }
      guard case .selected(let selectors) = reach, !walk.followed.isSubset(of: selectors) else {
        return walk.finished
      }
      // The next walk need not read what this one has read.
      index.insert(walk.snapshot.hashed, readSince: .max)
      reach = .selected(selectors + walk.followed.subtracting(selectors).sorted { $0.pattern < $1.pattern })
    }
    throw Failure("\(recipe.definition.directory): links lead to links without end", help: "remove the circle of links")
  }

  /// The sources that a build of the snapshot will not find, in the order of the recipe's selectors, and why.
  ///
  /// Wildcards without a match are among them, at which BuildKit alone takes no offence. Empty where the whole context
  /// counts, since then the sources are not known.
  package func missingSources(of recipe: ImageRecipe, in snapshot: ContextSnapshot) throws -> [MissingSource] {
    try SourceSearch(files: files, recipe: recipe, snapshot: snapshot).missing()
  }

  /// Names in the directory where a file should be.
  func neighbours(of path: FilePath, in root: FilePath) -> [String] {
    let directory = path.parent.isEmpty ? root : root / path.parent
    return ((try? files.entries(of: directory)) ?? []).compactMap(\.name.text)
  }

  /// Whether a path at the top of the directory is a definition file, or the template of a file of the context.
  static func leavesOut(_ path: FilePath) -> Bool {
    guard path.components.count == 1 else { return false }
    return definitionNames.contains(path) || path.text?.hasSuffix(".template") ?? false
  }
}

/// One walk; the mutable part of `ContextReader`.
private struct ContextWalk {
  let files: any FileSystem
  let index: FileIndex
  let isHashing: Bool
  let recipe: ImageRecipe
  let filter: ContextFilter
  var snapshot = ContextSnapshot()
  /// What links among the sources lead to.
  var followed = Set<ContextSelector>()
  private let links: LeadingLinks
  private var root: FilePath { links.root }
  private var realRoot: FilePath { links.realRoot }

  init(
    files: any FileSystem, index: FileIndex, isHashing: Bool, recipe: ImageRecipe, reach: ContextReach,
    links: LeadingLinks
  ) {
    (self.files, self.index, self.isHashing, self.recipe, self.links) = (files, index, isHashing, recipe, links)
    filter = ContextFilter(ignore: recipe.ignore, reach: reach)
  }

  var finished: ContextSnapshot {
    var result = snapshot
    for (path, bytes) in recipe.renderedFiles {
      guard filter.verdict(forFile: path.bytes) else { continue }
      result.files.append(StagedFile(path: path.bytes, kind: .regular(Digest.sha256(bytes)), mode: 0o644, source: nil))
    }
    // Listings are sorted; only a directory may have to stand behind names that go on with what is before a slash.
    if !zip(result.files, result.files.dropFirst()).allSatisfy({ !$1.path.precedes($0.path) }) {
      result.files.sort { $0.path.precedes($1.path) }
    }
    return result
  }

  mutating func run() throws {
    try walk(directory: root, path: [], ancestors: [realRoot])
  }

  private mutating func walk(directory: FilePath, path: [UInt8], ancestors: [FilePath]) throws {
    var unknown: [(name: FilePath, path: [UInt8])] = []
    for entry in try names(of: directory) {
      if path.isEmpty && isLeftOut(entry, in: directory) { continue }
      let child = path.isEmpty ? entry.name.bytes : path + [UInt8(ascii: "/")] + entry.name.bytes
      if entry.kind == .regular, isHashing, index.isEmpty {
        if filter.verdict(forFile: child) { unknown.append((entry.name, child)) }
      } else {
        try visit(directory / entry.name, child, entry.kind, ancestors: ancestors)
      }
    }
    // Where nothing is known every file is read: those of a directory together.
    for (file, result) in zip(unknown, files.hashed(unknown.map(\.name), in: directory)) {
      try add(file.path, directory / file.name, result)
    }
  }

  /// A directory with what is in it: itself where the build sees it, or makes it for what it sees below.
  private mutating func walk(
    _ place: FilePath, _ path: [UInt8], _ status: FileStatus, _ verdict: ContextFilter.Verdict, ancestors: [FilePath]
  ) throws {
    let isTaken = verdict == .take
    if isTaken { add(directory: path, status) }
    let count = snapshot.files.count
    try walk(directory: place, path: path, ancestors: ancestors)
    if !isTaken, snapshot.files.count > count, filter.keepsParent(path) { add(directory: path, status) }
  }

  private mutating func visit(
    _ place: FilePath, _ path: [UInt8], _ kind: FileStatus.Kind, ancestors: [FilePath]
  ) throws {
    switch kind {
    case .directory:
      let verdict = filter.verdict(forDirectory: path)
      if verdict == .skip { return }
      let status = try status(of: place, kind)
      snapshot.saw(place, status)
      try walk(place, path, status, verdict, ancestors: ancestors)
    case .symbolicLink:
      try visitLink(place, path, ancestors: ancestors)
    case .regular:
      guard filter.verdict(forFile: path) else { return }
      try addFile(place, path)
    case .socket, .fifo, .characterDevice, .blockDevice:
      guard filter.verdict(forFile: path) else { return }
      // Engines leave sockets out; the others would hang a reader or bring a device into the image.
      let isSocket = kind == .socket
      // A link may lead here: what a person can remove is what lies in the context.
      let origin = root / FilePath(bytes: path)
      let what = "a \(Self.name(kind))" + (place == origin ? "" : ", to which a link leads,")
      snapshot.diagnostics.append(
        Diagnostic(
          isSocket ? .warning : .error,
          isSocket ? "a socket is left out of the context" : what + " cannot be put into an image",
          at: SourceLocation(file: origin), help: "name it in .dockerignore, or remove it",
          rule: isSocket ? .leftOutFile : nil))
    }
  }

  private mutating func visitLink(_ place: FilePath, _ path: [UInt8], ancestors: [FilePath]) throws {
    let status = try status(of: place, .symbolicLink)
    guard let target = try? files.target(ofLink: place) else { throw changedWhileRead(place) }
    if let real = links.replacement(ofLink: place, to: target), let behind = try files.statusIfPresent(of: real) {
      // The predecessor copied what such links lead to, since the engine sees the context only.
      if behind.kind == .directory {
        guard !ancestors.contains(real) else { return tooDeep(place) }
        snapshot.saw(place, status)
        let verdict = filter.verdict(forDirectory: path)
        if verdict == .skip { return }
        return try walk(real, path, behind, verdict, ancestors: ancestors + [real])
      }
      snapshot.saw(place, status)
      return try visit(real, path, behind.kind, ancestors: ancestors)
    }
    // What another instruction copies as a link, with the directory around it, is followed all the same.
    let link = FilePath(bytes: path)
    let behind = filter.selectors(behindLink: path) {
      links.target(of: link)?.text
    } leadsToDirectory: {
      links.leadToDirectory(link)
    }
    let isTaken = filter.verdict(forFile: path)
    let mayBeOnTheWay = links.paths.contains(path) || !behind.isEmpty
    guard isTaken || mayBeOnTheWay && filter.verdict(forDirectory: path) == .descend else { return }
    snapshot.saw(place, status)
    add(path, .symbolicLink(target: target.bytes), 0o777, place)
    followed.formUnion(behind)
  }

  private func isDirectory(_ path: FilePath) -> Bool {
    (try? files.status(of: path, followingLinks: true))?.kind == .directory
  }

  /// - Throws: when something else lies there by now.
  private func status(of place: FilePath, _ kind: FileStatus.Kind) throws -> FileStatus {
    guard let status = try files.statusIfPresent(of: place), status.kind == kind else { throw changedWhileRead(place) }
    return status
  }

  private mutating func addFile(_ place: FilePath, _ path: [UInt8]) throws {
    let status = try status(of: place, .regular)
    guard isHashing else { return add(path, .regular(.sha256([])), place, status) }
    if let known = index.digest(for: status) { return add(path, .regular(known), place, status) }
    try add(path, place, Result { () throws(FileSystemError) in try files.hashed(place) })
  }

  private mutating func add(
    _ path: [UInt8], _ place: FilePath, _ file: Result<HashedFile, FileSystemError>
  ) throws {
    do throws(FileSystemError) {
      let file = try file.get()
      snapshot.hashed.append(FileIndex.Entry(file.status, file.digest))
      add(path, .regular(file.digest), place, file.status)
    } catch {
      // It was listed as a file: it may be gone, or a link or a directory by now, or have been so for a moment.
      let moved: [FileSystemError.Reason] = [.unsteady, .notFound, .notADirectory, .isADirectory, .tooManyLinks]
      if moved.contains(error.reason) { throw changedWhileRead(place) }
      snapshot.saw(place, try status(of: place, .regular))
      unreadable(place, error)
    }
  }

  private mutating func add(_ path: [UInt8], _ kind: StagedFile.Kind, _ place: FilePath, _ status: FileStatus) {
    snapshot.saw(place, status)
    add(path, kind, status.mode, place)
  }

  private mutating func add(_ path: [UInt8], _ kind: StagedFile.Kind, _ mode: UInt16, _ source: FilePath?) {
    snapshot.files.append(StagedFile(path: path, kind: kind, mode: mode, source: source))
  }

  /// A source has the permissions that engines give to what they make, whatever they are.
  private mutating func add(directory path: [UInt8], _ status: FileStatus) {
    add(path, .directory, filter.takesOnlyContents(of: path) ? 0o755 : status.mode, nil)
  }

  /// At the top: definition files, templates, and what templates and generators stand in for.
  private func isLeftOut(_ entry: DirectoryName, in directory: FilePath) -> Bool {
    if ContextReader.definitionNames.contains(entry.name) { return true }
    if recipe.renderedFiles[entry.name] != nil || recipe.generated[entry.name] != nil { return true }
    guard let text = entry.name.text else { return false }
    return text.hasSuffix(".template") && !isDirectory(directory / entry.name)
  }

  private mutating func names(of directory: FilePath) throws -> [DirectoryName] {
    do {
      return try files.names(of: directory)
    } catch {
      if error.reason == .notFound || error.reason == .notADirectory { throw changedWhileRead(directory) }
      unreadable(directory, error)
      return []
    }
  }

  private mutating func unreadable(_ place: FilePath, _ error: FileSystemError) {
    snapshot.diagnostics.append(
      Diagnostic(
        .error, "cannot be read: \(error.text)", at: SourceLocation(file: place),
        help: "make it readable, or name it in .dockerignore"))
  }

  private mutating func tooDeep(_ place: FilePath) {
    snapshot.diagnostics.append(
      Diagnostic(
        .error, "the link leads to a directory that contains it", at: SourceLocation(file: place),
        help: "remove the link, or name it in .dockerignore"))
  }

  private func changedWhileRead(_ place: FilePath) -> Failure {
    Failure("\(place) changed while it was read", help: "run again when nothing writes there")
  }

  private static func name(_ kind: FileStatus.Kind) -> String {
    switch kind {
    case .fifo: "named pipe"
    case .characterDevice, .blockDevice: "device node"
    default: "special file"
    }
  }
}
