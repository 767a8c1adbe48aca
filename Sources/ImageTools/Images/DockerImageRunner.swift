package import BuildEngine
internal import BuildRecords
package import ContentStore
package import HostSystem
package import ImageModel

/// Builds images with an engine and keeps them in the content store.
package struct DockerImageRunner: StepRunner {
  private let store: ImageLayout
  private let files: any FileSystem
  private let engines: EngineFinder
  private let directories: RunDirectories
  private let environment: [String: String]
  private let network: String

  /// 1980: the earliest time that zip files, and so Python's wheels, can hold.
  static let defaultEpoch = 315_532_800

  /// - Parameters:
  ///   - temporary: `.coppice/tmp`, absolute.
  ///   - network: what builds see of it, in the engine's words.
  ///   - environment: where secrets that come from variables, and SOURCE_DATE_EPOCH, are looked up.
  package init(
    store: ImageLayout, engines: EngineFinder, files: any FileSystem, temporary: FilePath, network: String,
    environment: [String: String]
  ) {
    self.store = store
    self.engines = engines
    self.files = files
    directories = RunDirectories(below: temporary)
    self.network = network
    self.environment = environment
  }

  package func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) throws -> ArtifactOutput? {
    guard let output = try store.output(for: fingerprint), store.condition(of: output) == .intact else { return nil }
    return output
  }

  package var outputPlace: FilePath? { store.root }

  package func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition {
    store.condition(of: output)
  }

  package func condition(
    of id: ArtifactID, _ output: ArtifactOutput, through files: any FileSystem
  ) -> OutputCondition? {
    ImageLayout(root: store.root, files: files).condition(of: output)
  }

  package func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) throws {
    try store.remember(output, for: fingerprint)
  }

  package func differences(
    of id: ArtifactID, between first: ArtifactOutput, and second: ArtifactOutput, limit: Int
  ) throws -> [OutputDifference]? {
    let configs = try [first, second].map { try store.image(for: $0)?.config ?? $0.digest }
    let found = try store.differences(between: configs[0], and: configs[1], limit: limit)
    return found.count > limit ? nil : found
  }

  package func adopt(
    _ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool
  ) async throws {
    guard case .image(let recipe) = recipe else { return }
    let names = [recipe.reference] + recipe.aliases
    let config = try store.image(for: output)?.config ?? output.digest
    try await onBlockingThread { [store] in try store.setNames(names.map { ($0.description, config) }) }
    guard let engine = await engines.known() else { return }
    do {
      if let image = try await engine.image(config: config) {
        try await engine.tag(image, config: config, as: names)
      } else {
        // No name is better than one that shows another image.
        await engine.untag(names)
      }
    } catch {
      // Else its names follow when it answers again.
      if isFresh { throw error }
    }
  }

  /// An engine that cannot be found is told when a step needs it.
  package func refusal(of recipe: Recipe) async -> StepFailure? {
    guard case .image(let image) = recipe else { return nil }
    return try? await engines.engine().refusal(of: image)
  }

  package func run(
    _ job: StepJob, log: @escaping @Sendable (String) -> Void
  ) async throws -> ArtifactOutput {
    guard case .image(let recipe) = job.recipe else { throw StepFailure("\(job.recipe.id) is not an image") }
    try checkSources(of: recipe, job)
    let engine = try await engines.engine()
    if let refusal = engine.refusal(of: recipe) { throw refusal }
    await removeLeftovers(engine)
    return try await directories.withNewDirectory(.build, files) { directory in
      do {
        return try await make(job, recipe, engine, directory, log)
      } catch {
        // A build that was interrupted may leave its containers; a task of its own is not cancelled with us.
        await Task { await engine.removeLeftovers(below: directory) { _ in false } }.value
        throw error.inWords
      }
    }
  }

  /// A source that is not there fails in every engine, but only after all that comes before it.
  private func checkSources(of recipe: ImageRecipe, _ job: StepJob) throws {
    var snapshot = ContextSnapshot()
    snapshot.files = job.files
    let faults = try ContextReader(files: files, index: FileIndex()).sourceFaults(of: recipe, in: snapshot)
    if let fault = faults.first(where: { $0.severity == .error }) {
      throw StepFailure(fault.message, at: fault.location, help: fault.help)
    }
  }

  private func make(
    _ job: StepJob, _ recipe: ImageRecipe, _ engine: any ContainerEngine, _ directory: FilePath,
    _ log: @escaping @Sendable (String) -> Void
  ) async throws -> ArtifactOutput {
    let secrets = try BuildSecrets(recipe, files: files, environment: environment)
    do {
      return try await make(job, recipe, engine, directory, secrets, secrets.hiding(in: log))
    } catch {
      throw secrets.hiding(in: error)
    }
  }

  private func make(
    _ job: StepJob, _ recipe: ImageRecipe, _ engine: any ContainerEngine, _ directory: FilePath,
    _ secrets: BuildSecrets, _ log: @escaping @Sendable (String) -> Void
  ) async throws -> ArtifactOutput {
    let bases = BaseImages(store: store, engine: engine, directory: directory, log: log)
    var request = self.request(recipe, job, directory)
    let place = secrets.isEmpty ? nil : HeldDirectory.make(for: .secrets, in: secretPlaces, files: files)
    defer { place?.remove() }
    request.secrets = secrets.paths(in: place?.path ?? "secrets")
    try await stage(job, recipe, request)
    let secretDirectory = place?.path ?? directory / "secrets"
    try await onBlockingThread { [files] in try secrets.write(to: secretDirectory, files: files) }
    let used = try await bases.bring(for: job, recipe)
    if request.mayUseCache,
      let doubt = engine.cacheDoubt(for: recipe, triggers: used.triggers, files: job.files)
    {
      log("coppice: \(engine.name)'s layer cache is not used: \(doubt)")
      request.mayUseCache = false
    }
    let dockerfile = ExactDockerfile(recipe.dockerfile, names: used.names, sourceDateEpoch: request.sourceDateEpoch)
    try await onBlockingThread { [files, request] in
      try files.replace(directory / request.dockerfile, with: dockerfile.text, mode: 0o600)
    }
    let image = try await build(request, recipe, engine, log)
    if let test = recipe.test { try await self.test(test, image, recipe, engine, directory, log) }
    return try await keep(image, engine)
  }

  private func build(
    _ request: BuildRequest, _ recipe: ImageRecipe, _ engine: any ContainerEngine,
    _ log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage {
    let trace = StepTrace()
    do {
      return try await engine.build(request) { line in
        trace.add(line)
        log(line)
      }
    } catch let failure as Failure {
      throw trace.failure(failure, in: recipe.dockerfile)
    }
  }

  private func request(
    _ recipe: ImageRecipe, _ job: StepJob, _ directory: FilePath
  ) -> BuildRequest {
    var request = BuildRequest(directory: directory)
    request.context = ContextName.of(job)
    request.target = recipe.target
    request.platform = recipe.platform == .host ? nil : recipe.platform
    request.arguments = recipe.buildArguments
    request.network = network
    request.mayUseCache = job.mayUseCache
    request.oldestLayer = job.oldestLayer
    if recipe.isReproducible {
      let epoch = environment["SOURCE_DATE_EPOCH"].flatMap { Int($0) } ?? Self.defaultEpoch
      request.sourceDateEpoch = epoch
      request.arguments["SOURCE_DATE_EPOCH"] = String(epoch)
    }
    return request
  }

  private func stage(
    _ job: StepJob, _ recipe: ImageRecipe, _ request: BuildRequest
  ) async throws {
    let generated = try recipe.generated.mapValues { id in
      guard let output = job.upstreams[id] else { throw StepFailure("\(id) was not made before \(recipe.id)") }
      return output.digest
    }
    let (files, store) = (files, store)
    try await onBlockingThread {
      let stage = ContextStage(files: files) { store.path(ofBlob: $0) }
      try stage.fill(request.directory / request.context, with: job.files, recipe: recipe, generated: generated)
      try files.replace(
        request.directory / request.ignoreFile, with: Array("# The context holds what is wanted.\n".utf8), mode: 0o600)
    }
  }

  private func test(
    _ command: [String], _ image: EngineImage, _ recipe: ImageRecipe, _ engine: any ContainerEngine,
    _ directory: FilePath, _ log: @escaping @Sendable (String) -> Void
  ) async throws {
    do {
      try await engine.run(command, in: image, directory: directory, log: log)
    } catch let failure as Failure {
      throw StepFailure(
        "the test of \(recipe.reference) failed: \(failure.message)", at: recipe.location,
        help: "the image was built, and is neither named nor kept")
    }
  }

  /// Into the store, without a name: what was built may be of no use when its inputs changed meanwhile.
  private func keep(
    _ image: EngineImage, _ engine: any ContainerEngine
  ) async throws -> ArtifactOutput {
    let stored = Locked<StoredImage?>(nil)
    try await engine.save(image) { [store] reader in
      let image = try store.importArchive(reader)
      stored.withLock { $0 = image }
    }
    guard let kept = stored.withLock({ $0 }) else { throw Failure("\(engine.name) gave no image") }
    if engine.hasConfigIDs && image.id != kept.config.description {
      throw Failure("\(engine.name) gave the image \(kept.config.short) for \(image.id)", help: "build again")
    }
    // Nothing else would lead from the config to the image; such a name cannot become false.
    if !engine.hasConfigIDs { try await engine.tag(image, config: kept.config, as: []) }
    return kept.output
  }

  private var secretPlaces: [FilePath] { HeldDirectory.secretPlaces(environment, files: files) }

  private func removeLeftovers(_ engine: any ContainerEngine) async {
    HeldDirectory.removeLeftovers(of: .secrets, in: secretPlaces, files: files)
    let left = directories.leftovers(files)
    if left.isEmpty { return }
    await OrphanedEngines(directories: directories, files: files).end()
    await engine.removeLeftovers(below: directories.directory) { [directories] in directories.isCurrent($0) }
    try? await onBlockingThread { [files] in
      for directory in left { try? files.removeTree(directory) }
    }
  }
}
