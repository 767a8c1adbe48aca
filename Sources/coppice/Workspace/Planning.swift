internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import DefinitionScan
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import MachineTools

extension Workspace {
  /// The recipes by kind. Engines are only looked for when a step runs.
  func runners(_ processes: PosixProcessRunner) -> [ArtifactKind: any StepRunner] {
    [
      .docker: DockerImageRunner(
        store: store, engines: engineFinder(processes), files: files, temporary: temporaryDirectory,
        network: settings.network, environment: invocation.environment),
      .generate: GeneratorRunner(
        store: store, files: files, processes: processes, temporary: temporaryDirectory,
        environment: invocation.environment),
      .sif: SIFRunner(
        store: store, files: files, images: settings.images,
        builder: sifBuilder, processes: processes, environment: invocation.environment,
        sourceDateEpoch: invocation.variable("SOURCE_DATE_EPOCH").flatMap { Int($0) }, time: Host.now),
      .vbox: machineRunner(processes),
    ]
  }

  private func machineRunner(_ processes: PosixProcessRunner) -> MachineRunner {
    let (store, environment) = (store, invocation.environment)
    return MachineRunner(
      store: store, files: files, images: settings.images, processes: processes, environment: environment,
      fetch: { try await FetchedBases(store: store, environment: environment).path(of: $0, log: $1) }, time: Host.now)
  }

  func engineFinder(_ processes: PosixProcessRunner) -> EngineFinder {
    EngineFinder(
      wanted: invocation.engine ?? settings.engine, remembered: stateDirectory / "engine", files: files,
      processes: processes, environment: invocation.environment)
  }

  func evaluator(_ processes: PosixProcessRunner) -> StepEvaluator {
    let store = store
    return StepEvaluator(
      graph: graph, recipes: recipes, reader: reader(of: files),
      runners: runners(processes), inputList: { try? store.contents(ofBlob: $0, limit: 1 << 30) }, now: Host.now())
  }

  func reader(of files: any FileSystem) -> InputReader {
    let search = (invocation.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { FilePath($0) }
    return InputReader(
      files: files, programDirectories: search, sourceDateEpoch: invocation.variable("SOURCE_DATE_EPOCH"),
      sifBuilder: sifBuilder)
  }

  /// The verdict on `selected`, for commands that only ask; the index, a cache, keeps what had to be read.
  func plan(
    _ selected: Set<ArtifactID>, forced: [ArtifactID: String] = [:], ledger: Ledger? = nil
  ) throws -> BuildPlan {
    var index = self.index
    var files: [ArtifactID: StepFiles] = [:]
    let plan = try BuildPlanner(evaluator: evaluator(PosixProcessRunner())).plan(
      selected: selected, lockfile: try (ledger ?? self.ledger()).lockfile, index: &index, forced: forced,
      files: &files)
    if plan.diagnostics.contains(where: { $0.severity == .error }) { throw InvalidInput(plan.diagnostics) }
    saveIndex(&index)
    return plan
  }

  /// A cache that cannot be written costs time, not correctness: a read-only tree can be asked about too.
  func saveIndex(_ index: inout FileIndex) {
    guard index.isChanged else { return }
    try? files.createDirectory(stateDirectory)
    try? index.write(to: indexPath, in: files)
  }
}
