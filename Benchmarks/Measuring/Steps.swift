internal import BuildEngine
internal import BuildRecords
internal import DependencyGraph
internal import HostSystem
internal import ImageModel

/// A tree of steps, ten from each, that all spawn `true`, brought up to date by the real builder with real records.
struct Steps {
  private let jobs: Int
  private let directory: FilePath
  private let recipes: [ArtifactID: Recipe]
  private let graph: BuildGraph
  private let files = PosixFileSystem()

  init(count: Int, jobs: Int, directory: FilePath) throws {
    (self.jobs, self.directory) = (jobs, directory)
    var declarations: [StepDeclaration] = []
    var recipes: [ArtifactID: Recipe] = [:]
    for index in 0..<count {
      let recipe = Self.recipe(index, in: directory)
      let names = [recipe.reference]
      declarations.append(
        StepDeclaration(
          id: recipe.id, location: recipe.location, definitionPath: recipe.definition.path, names: names,
          uses: recipe.dockerfile.uses))
      recipes[recipe.id] = .image(recipe)
    }
    self.recipes = recipes
    graph = GraphBuilder.build(declarations).graph
  }

  func measure() async throws {
    try files.createDirectory(directory)
    var (ledger, _) = try Ledger.open(
      lock: directory / "coppice.lock", local: directory / "local.lock", outside: [], files: files)
    var index = FileIndex()
    let clock = ContinuousClock()
    let start = clock.now
    let summary = try await builder().build(Set(graph.order), ledger: &ledger, index: &index)
    try ledger.write()
    Measure.tell("all", start.duration(to: clock.now))
    guard summary.count(.built) == graph.count else { throw Failure("only \(summary.count(.built)) steps were built") }
  }

  private func builder() -> Builder {
    var options = BuildOptions()
    options.jobs = jobs
    let journal = Journal(path: directory / "journal", files: files)
    return Builder(
      evaluator: StepEvaluator(
        graph: graph, recipes: recipes, reader: InputReader(files: files, programDirectories: []),
        runners: [.docker: TrueRunner()], inputList: { _ in nil }, now: 1_700_000_000),
      resolver: NoRegistry(), reporter: Silence(), options: options,
      durations: { Durations(of: $0, in: journal) }, keepInputs: { _, _ in }, openLog: { _ in nil }, number: 1,
      journal: journal, time: { 1_700_000_000 })
  }

  private static func recipe(_ index: Int, in directory: FilePath) -> ImageRecipe {
    func reference(_ index: Int) -> ImageReference { ImageReference(repository: "bench/step\(index)", tag: "1") }
    let place = SourceLocation(file: directory / "Dockerfile", line: 1)
    let use = ImageUse(reference: reference((index - 1) / 10), role: .from, location: place, range: 0..<0)
    let facts = DockerfileFacts(
      file: place.file, text: [],
      instructions: [
        DockerfileInstruction(canonical: "FROM \(use.reference)", location: place),
        DockerfileInstruction(canonical: "RUN true \(index)", location: place),
      ], uses: index == 0 ? [] : [use], reach: .selected([]))
    return ImageRecipe(
      id: ArtifactID(kind: .docker, name: "step\(index)", tag: "1"),
      definition: .init(path: "step\(index)/1", directory: directory, origin: .repository), location: place,
      reference: reference(index), dockerfile: facts, platform: .host)
  }
}

/// Spawns `true` as an engine is spawned: with both outputs read.
private struct TrueRunner: StepRunner {
  private let processes = PosixProcessRunner()

  func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) -> ArtifactOutput? { nil }
  func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition { .intact }

  func run(_ job: StepJob, log: @escaping @Sendable (String) -> Void) async throws -> ArtifactOutput {
    let show: @Sendable (UnsafeRawBufferPointer) -> Void = { log(String(decoding: $0, as: UTF8.self)) }
    let status = try await processes.run(ProcessCommand(["true"], output: .handler(show), errorOutput: .handler(show)))
    guard status.isSuccess else { throw StepFailure("\(status)") }
    return ArtifactOutput(digest: .sha256(job.fingerprint.description), size: 1)
  }

  func adopt(_ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool) {}
  func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) {}
}

private struct NoRegistry: BaseResolver {
  func resolve(
    _ reference: ImageReference, platform: Platform, pinned: PinnedBase?
  ) async throws -> ResolvedBase { throw Failure("\(reference) is no step") }
}

private struct Silence: BuildReporter {
  func report(_ event: BuildEvent) {}
}
