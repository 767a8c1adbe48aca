internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import DefinitionScan
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ImageTools

extension BuildOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    // A program that reads events gets its `done` whatever happens from here on.
    let events = progress == .json && !isDryRun ? invocation.reporter(.json) : nil
    defer { events?.close() }
    let workspace = try Workspace.checked(invocation)
    let selected = try await targets(in: workspace)
    if isDryRun { return try dryRun(selected, workspace) }
    let lock = try await RepositoryLock.take(workspace, isWaiting: isWaiting)
    defer { lock.release() }
    if isTouch { return try touch(selected, workspace) }

    try invocation.checkEngine()
    let reporter = events ?? invocation.reporter(progress)
    defer { reporter.close() }
    let summary = try await build(selected, in: workspace, reporter)
    if summary.isInterrupted { return .interrupted }
    if !summary.outcomes.isEmpty { await workspace.refreshReleasePlan() }
    return summary.count(.failed) > 0 ? .failure : .success
  }

  /// In a repository whose lock is held.
  func build(
    _ selected: Set<ArtifactID>, in workspace: Workspace, _ reporter: any BuildReporter
  ) async throws -> BuildSummary {
    let number = try workspace.journal.lastBuild() + 1
    let processes = PosixProcessRunner()
    let builder = try builder(workspace, processes, number, reporter)
    var (ledger, index) = (try workspace.ledger(), workspace.index)
    let areNamesKept = workspace.areNamesKept(ledger, &index)
    try prepare(workspace, hasStore: areNamesKept)
    // Who collects garbage in a store that is not in our repository must know of us before we build.
    if workspace.storePath != workspace.stateDirectory / "store" { try workspace.keepRoots(ledger) }
    let summary: BuildSummary
    do {
      summary = try await builder.build(selected, ledger: &ledger, index: &index)
    } catch {
      // What was finished before the fault is true and is kept.
      try? ledger.write()
      try? workspace.keepRoots(ledger)
      throw error
    }
    workspace.forgetRetired(&ledger)
    try ledger.write()
    workspace.saveIndex(&index)
    if !summary.outcomes.isEmpty {
      try workspace.keepRoots(ledger)
      try? workspace.journal.compact()
    }
    if !areNamesKept || !summary.outcomes.isEmpty {
      try await workspace.keepNames(ledger, &index)
      workspace.saveIndex(&index)
    }
    reporter.report(.done(summary))
    return summary
  }

  private func targets(in workspace: Workspace) async throws -> Set<ArtifactID> {
    guard let changedSince else { return try workspace.select(targets) }
    let changed = try await ChangesSinceRevision(workspace: workspace).artifacts(changedSince)
    return targets.isEmpty ? changed : changed.union(try workspace.select(targets))
  }

  private func forcedReasons(_ selected: Set<ArtifactID>) -> [ArtifactID: String] {
    guard let forced else { return [:] }
    return Dictionary(uniqueKeysWithValues: selected.map { ($0, forced) })
  }

  private func dryRun(_ selected: Set<ArtifactID>, _ workspace: Workspace) throws -> ExitCode {
    let plan = try workspace.plan(selected, forced: forcedReasons(selected))
    let durations = Durations(of: plan.stale.map(\.id), in: workspace.journal)
    let report = PlanReport(
      steps: plan.stale.map {
        .init(
          id: $0.id, reasons: $0.staleness.reasons, expected: $0.isRestorable ? nil : durations[$0.id],
          isRestorable: $0.isRestorable)
      },
      expected: nil)
    if progress == .json {
      workspace.invocation.show(report.json)
    } else if !workspace.invocation.global.isQuiet {
      workspace.invocation.output.write(report.text(style: workspace.invocation.style))
    }
    return hasExitCode && !plan.stale.isEmpty ? .workToDo : .success
  }

  /// make's `-t`: what is stale is recorded as built, with outputs that are only assumed.
  private func touch(_ selected: Set<ArtifactID>, _ workspace: Workspace) throws -> ExitCode {
    var (ledger, index) = (try workspace.ledger(), workspace.index)
    let keep = workspace.inputKeeper
    let touched = try Adoption(evaluator: workspace.evaluator(PosixProcessRunner())) { id, inputs in
      try workspace.prepareStore()
      try keep(id, inputs)
    }.adopt(selected, ledger: &ledger, index: &index)
    workspace.forgetRetired(&ledger)
    try ledger.write()
    workspace.saveIndex(&index)
    for id in touched where progress != .json && !workspace.invocation.global.isQuiet {
      workspace.invocation.output.write("\(id): recorded as built\n")
    }
    return .success
  }

  private func builder(
    _ workspace: Workspace, _ processes: PosixProcessRunner, _ number: Int, _ reporter: any BuildReporter
  ) throws -> Builder {
    var options = BuildEngine.BuildOptions()
    options.jobs = try jobs ?? workspace.invocation.jobsOfEnvironment() ?? workspace.settings.jobs ?? Host.processors
    options.keepsGoing = keepsGoing
    options.force = forced
    options.isLocked = isLocked
    options.onlyFetches = fetchedFrom != nil
    let substituting =
      try isSubstituting
      ? Substituting(workspace, only: fetchedFrom ?? [], report: reporter.report) : nil
    let logs = workspace.logDirectory
    return Builder(
      evaluator: workspace.evaluator(processes), resolver: workspace.resolver(processes), reporter: reporter,
      options: options, durations: { [journal = workspace.journal] in Durations(of: $0, in: journal) },
      keepInputs: workspace.inputKeeper,
      openLog: { id in FileStepLog(directory: logs, build: number, id: id) }, number: number,
      journal: workspace.journal, time: { Host.now() }, substitution: substituting?.substitution)
  }

  private func prepare(_ workspace: Workspace, hasStore: Bool) throws {
    try workspace.files.createDirectory(workspace.logDirectory)
    try workspace.files.createDirectory(workspace.temporaryDirectory)
    if !hasStore { try workspace.prepareStore() }
  }
}

extension Workspace {
  func prepareStore() throws { try store.prepare() }

  /// Forgets what no definition makes any more.
  func forgetRetired(_ ledger: inout Ledger) {
    let bases = Set(graph.order.flatMap { graph[$0]?.bases.map(\.reference.canonical) ?? [] })
    ledger.keep(artifacts: Set(graph.order), bases: bases)
  }

  /// Tells the store, which other repositories may share, what this one needs.
  func keepRoots(_ ledger: Ledger) throws {
    // Steps whose keys nobody can tell, since a file is missing, would run again anyway.
    try store.writeRoots(repository: repository, try roots(ledger) + ((try? machineKeys(ledger)) ?? []))
  }

  /// Outputs and lists of inputs that the lockfile names, and lists that the journal names.
  func roots(_ ledger: Ledger) throws -> [Digest] {
    var roots = Set<Digest>()
    for record in ledger.lockfile.records.values {
      roots.insert(record.output.digest)
      if let content = record.output.content { roots.insert(content) }
      roots.insert(record.fingerprint.digest)
      if let files = record.groups[.context] { roots.insert(files) }
    }
    for entry in try journal.entries() {
      roots.insert(entry.fingerprint.digest)
      roots.formUnion(entry.fileLists)
      if let previous = entry.previous { roots.insert(previous.digest) }
    }
    // What VM images are made from would have to be fetched again.
    for case .machine(let machine) in recipes.values {
      roots.formUnion(machine.base.files.compactMap { if case .url = $0.place { $0.digest } else { nil } })
    }
    return roots.sorted()
  }

  func resolver(_ processes: PosixProcessRunner) -> RegistryBaseResolver {
    RegistryBaseResolver(
      engines: engineFinder(processes), files: files, processes: processes, environment: invocation.environment,
      note: { [invocation] in if !invocation.global.isQuiet { invocation.show([$0]) } })
  }
}
