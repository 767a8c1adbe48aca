internal import BuildRecords
internal import ContentStore
internal import DefinitionScan
internal import DependencyGraph
internal import FileTraces
internal import HostSystem
internal import ImageModel
internal import ImageTools

/// A repository with its tree scanned: what every command begins with.
struct Workspace: Sendable {
  let invocation: Invocation
  let files: PosixFileSystem
  let repository: FilePath
  let settings: Settings
  let searchPath: SearchPath
  let tree: DefinitionTree
  let recipes: [ArtifactID: Recipe]
  let graph: BuildGraph
  /// What `all` means.
  let all: Set<ArtifactID>
  /// Faults and warnings of the definitions and of the graph, sorted.
  let diagnostics: [Diagnostic]
  let platform: Platform
  let sifBuilder: SIFBuilder
  /// As an earlier run left it, with what the scan had to read.
  let index: FileIndex

  /// Finds the repository and scans it; errors are in `diagnostics`.
  /// - Throws: `InvalidInput` when there is no repository or its settings are wrong.
  init(_ invocation: Invocation) throws {
    self.invocation = invocation
    files = PosixFileSystem()
    if let named = invocation.global.directory,
      (try? files.status(of: invocation.directory, followingLinks: true))?.kind != .directory
    {
      throw InvalidInput([Diagnostic(.error, "'\(named)' of -C is not a directory")])
    }
    let home = invocation.variable("HOME").map { FilePath($0) }
    guard
      let found = try RepositoryFinder.find(
        option: invocation.repository, from: invocation.directory,
        environmentValue: invocation.variable("CASA_DEFAULT_REPOSITORY"), home: home, files: files)
    else {
      throw InvalidInput([
        Diagnostic(
          .error, "there is no repository here: no directory with coppice.yaml at or above \(invocation.directory)",
          help: "make one with `coppice init`, or name one with -r DIR")
      ])
    }
    repository = try files.resolved(found)
    settings = try SettingsReader.read(repository: repository, files: files)
    platform = .host
    sifBuilder = try invocation.sifBuilder() ?? settings.sifBuilder
    let builtin = SearchPath.builtin(
      environmentValue: invocation.variable("COPPICE_BUILTIN"), installed: Host.builtinShare(files),
      currentDirectory: invocation.currentDirectory)
    searchPath = SearchPath(repository: repository, home: home, builtin: builtin)
    var memory = ScanMemory(
      TraceStore(reading: Self.indexPath(of: repository), from: files), program: Host.program(files),
      olderThan: FileIndex.settled(at: Host.now()))
    tree = DefinitionScanner(files: files).scan(
      searchPath, settings: settings, platform: platform, memory: &memory)
    index = FileIndex(memory.traces)
    let (graph, faults) = GraphBuilder.build(tree.declarations)
    self.graph = graph
    recipes = TreeBases.applied(to: tree.recipes, in: graph, read: BaseReading.recipe)
    let baseFaults = recipes.values.flatMap { recipe -> [Diagnostic] in
      if case .image(let image) = recipe { image.baseFaults } else { [] }
    }
    diagnostics = Set(tree.diagnostics + faults + baseFaults).sorted()
    let tree = tree
    let chosen = tree.recipes.filter(tree.isDefaultSelection).map(\.id)
    // With what they need: images of the builtin tree that one's own are made from belong to one's own tree.
    all = graph.upstream(of: chosen).filter { $0.kind != .generate }
  }

  /// A workspace whose definitions are right, or nothing at all: shows warnings, throws errors.
  static func checked(_ invocation: Invocation) throws -> Workspace {
    let workspace = try Workspace(invocation)
    if workspace.diagnostics.contains(where: { $0.severity == .error }) {
      throw InvalidInput(workspace.diagnostics.filter { $0.severity != .note })
    }
    if !invocation.global.isQuiet { invocation.show(workspace.ownWarnings) }
    return workspace
  }

  /// But not of builtin definitions that nothing of one's own is made from: nobody here can mend those.
  private var ownWarnings: [Diagnostic] {
    let own = Set(all.compactMap { recipes[$0]?.definition.directory })
    let others = tree.definitions.filter { $0.origin == .builtin && !own.contains($0.directory) }.map(\.directory)
    return diagnostics.filter { warning in
      guard warning.severity == .warning, let file = warning.location?.file else { return warning.severity == .warning }
      return !others.contains(where: file.isBelow)
    }
  }

  /// - Parameter past: artifacts that were made once, which names mean too where no definition has them any more.
  func select(_ patterns: [String], past: Set<ArtifactID> = []) throws(InvalidInput) -> Set<ArtifactID> {
    try Selection(graph: graph, all: all, past: past).artifacts(matching: patterns.map(inOverlay))
  }

  /// A directory as a person sees it is turned into one of the overlay; every other word stays.
  private func inOverlay(_ pattern: String) -> String {
    var word = pattern[...]
    if word.hasPrefix("+") { word = word.dropFirst() }
    if word.hasSuffix("+") { word = word.dropLast() }
    guard word.contains("/") || word.first == ".", let path = directory(named: String(word)) else { return pattern }
    for root in searchPath.roots {
      if let docker = try? files.resolved(root.docker) {
        if docker.isBelow(path) { return pattern.replacing(word, with: "all") }
        if let inside = path.relative(to: docker)?.text { return pattern.replacing(word, with: inside) }
      }
      if let machines = try? files.resolved(root.vbox), let inside = path.relative(to: machines),
        let text = (inside.isEmpty ? SearchPath.machines : SearchPath.machines / inside).text
      {
        return pattern.replacing(word, with: text)
      }
    }
    return pattern
  }

  private func directory(named word: String) -> FilePath? {
    guard let path = try? files.resolved((invocation.directory / FilePath(word)).normalized),
      (try? files.status(of: path, followingLinks: true))?.kind == .directory
    else { return nil }
    return path
  }

  /// - Throws: `InvalidInput` unless exactly one artifact is meant.
  func selectOne(_ pattern: String, past: Set<ArtifactID> = []) throws(InvalidInput) -> ArtifactID {
    var found = try select([pattern], past: past).filter { $0.kind != .generate || pattern.hasPrefix("generate/") }
    // An image and what it was converted to have one name: the image is meant.
    let images = found.filter { $0.kind == .docker }
    if images.count == 1, let image = images.first,
      found.allSatisfy({ $0.name == image.name && $0.tag == image.tag })
    {
      found = images
    }
    guard found.count == 1, let id = found.first else {
      throw InvalidInput([
        Diagnostic(
          .error,
          "'\(pattern)' means \(found.count) artifacts: \(found.sorted().map(\.description).joined(separator: ", "))",
          help: "name one of them")
      ])
    }
    return id
  }

  // MARK: Where things lie

  var stateDirectory: FilePath { repository / ".coppice" }
  var indexPath: FilePath { Self.indexPath(of: repository) }
  private static func indexPath(of repository: FilePath) -> FilePath { repository / ".coppice/index" }
  var lockPath: FilePath { repository / "coppice.lock" }
  var logDirectory: FilePath { stateDirectory / "logs" }
  var temporaryDirectory: FilePath { stateDirectory / "tmp" }
  var journal: Journal { Journal(path: stateDirectory / "journal", files: files) }

  var storePath: FilePath { invocation.store ?? settings.store ?? repository / Self.storeName }
  static let storeName: FilePath = ".coppice/store"
  var store: ImageLayout { ImageLayout(root: storePath, files: files) }

  func ledger() throws -> Ledger {
    let outside = Set(tree.recipes.filter { $0.definition.origin != .repository }.map(\.id))
    let (ledger, faults) = try Ledger.open(
      lock: lockPath, local: stateDirectory / "local.lock", outside: outside, files: files)
    invocation.show(faults)
    return ledger
  }
}
