internal import BuildEngine
internal import BuildRecords
internal import DefinitionScan
internal import DependencyGraph
internal import GitTrees
internal import HostSystem
internal import ImageModel

/// Which artifacts differ from those of a git revision: the tree as it was is scanned and read like that of today, and
/// what each step is made of is compared.
struct ChangesSinceRevision {
  let workspace: Workspace

  /// What differs, and everything downstream.
  /// - Throws: `InvalidInput` for what is no revision; `Failure` when git does not have all of it.
  func artifacts(_ words: String) async throws -> Set<ArtifactID> {
    let reasons = try await reasons(words)
    if workspace.invocation.global.isVerbose {
      workspace.invocation.show(
        reasons.sorted { $0.key < $1.key }.map { id, reasons in
          // "Never built" would say more than is known.
          let text = reasons == [.neverBuilt] ? "it could not be built then" : ReasonText.summary(reasons)
          return Diagnostic(.note, "\(id) is not what it was at \(words): \(text)")
        })
    }
    return workspace.graph.downstream(of: reasons.keys).filter { $0.kind != .generate }
  }

  private func reasons(_ words: String) async throws -> [ArtifactID: [StaleReason]] {
    let (workspace, processes) = (workspace, PosixProcessRunner())
    let repository = try await GitRepository(
      of: workspace.repository, processes: processes, environment: workspace.invocation.environment,
      files: workspace.files)
    let revision = try await GitRevision(words, in: repository)
    // What coppice itself keeps here is no part of a revision; the lockfile is, where people commit it.
    var untracked: Set = [workspace.stateDirectory]
    let hasLockfile = try await repository.tracks(workspace.lockPath)
    if !hasLockfile { untracked.insert(workspace.lockPath) }
    let asNow = untracked
    return try await GitObjects.read(of: revision, files: workspace.files) { objects in
      let files = GitFileSystem(revision, objects, base: workspace.files, asNow: asNow)
      var index = workspace.index
      let reasons = try TreeComparison(
        before: workspace.state(in: files),
        now: .init(evaluator: workspace.evaluator(processes), lockfile: try workspace.lockfile(in: workspace.files))
      ).reasons(&index)
      workspace.saveIndex(&index)
      return reasons
    }
  }
}

extension Workspace {
  /// The same repository on another disk; with faults it is what can be had of it.
  fileprivate func state(in files: any FileSystem) -> TreeComparison.State {
    var evaluator = evaluator(PosixProcessRunner())
    guard let settings = try? SettingsReader.read(repository: repository, files: files) else {
      // Nothing could be built: nothing was what it is.
      evaluator.recipes = [:]
      return .init(evaluator: evaluator, lockfile: Lockfile())
    }
    let tree = DefinitionScanner(files: files).scan(searchPath, settings: settings, platform: platform)
    evaluator.graph = GraphBuilder.build(tree.declarations).0
    evaluator.recipes = TreeBases.applied(to: tree.recipes, in: evaluator.graph, read: BaseReading.recipe)
    evaluator.reader = reader(of: files)
    return .init(evaluator: evaluator, lockfile: (try? lockfile(in: files)) ?? Lockfile())
  }

  fileprivate func lockfile(in files: any FileSystem) throws -> Lockfile {
    try Ledger.open(lock: lockPath, local: stateDirectory / "local.lock", outside: [], files: files).0.lockfile
  }
}
