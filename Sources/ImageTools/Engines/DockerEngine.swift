package import BuildEngine
package import BuildRecords
package import HostSystem
package import ImageModel
internal import JSONText

/// docker with its daemon.
package struct DockerEngine: ContainerEngine {
  /// Which builder the daemon and its client have.
  package enum Builder: String, Sendable, Hashable {
    /// The plugin, with the builder of the daemon itself.
    case buildx
    /// BuildKit through the client alone, before docker 23.
    case buildKit
    case legacy
  }

  package let name = "docker"
  package let version: String
  package let builder: Builder
  package var hasConfigIDs: Bool { !hasContainerdStore }
  /// The daemon's own builder bears the name of the context.
  let context: String
  /// Whether ids are digests of manifests.
  let hasContainerdStore: Bool
  let tool: EngineTool

  init(_ tool: EngineTool, version: String, builder: Builder, context: String, hasContainerdStore: Bool) {
    self.version = version
    self.builder = builder
    self.context = context
    self.hasContainerdStore = hasContainerdStore
    var tool = tool
    // A builder in a container would not see the images of the daemon.
    tool.environment["BUILDX_BUILDER"] = nil
    if builder != .buildx { tool.environment["DOCKER_BUILDKIT"] = builder == .buildKit ? "1" : "0" }
    self.tool = tool
  }

  package func refusal(of recipe: ImageRecipe) -> StepFailure? {
    if builder == .legacy { return UnsupportedFeatures.legacyDocker.refusal(of: recipe) }
    let hasFrontEnd = recipe.dockerfile.uses.contains { $0.role == .syntax }
    return UnsupportedFeatures.buildKit(version, isEmbedded: builder == .buildKit && !hasFrontEnd).refusal(of: recipe)
  }

  package func cacheDoubt(
    for recipe: ImageRecipe, triggers: [String: [String]], files: [StagedFile]
  ) -> String? {
    let stages = FiredStages(recipe.dockerfile, triggers: triggers)
    let own = builder == .legacy ? CacheDoubts.legacy(files) : CacheDoubts.buildKit(stages, dockerVersion: version)
    return own ?? CacheDoubts.proxies(recipe)
  }

  package func build(
    _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage {
    var request = request
    if request.mayUseCache, request.oldestLayer != nil {
      // It knows no age of layers.
      log("coppice: docker's layer cache is not used: it may hold layers from before the last build from scratch")
      request.mayUseCache = false
    }
    guard builder == .legacy else { return try await tool.build(request, log: log, arguments: arguments) }
    let context = try await onBlockingThread { [tool, request] in try LegacyContext(of: request, files: tool.files) }
    return try await tool.build(request, context: context, log: log, arguments: arguments)
  }

  private func arguments(_ request: BuildRequest) -> [String] {
    switch builder {
    case .buildx:
      ["buildx", "build", "--builder", context, "--load", "--progress", "plain", "--provenance=false", "--sbom=false"]
    case .buildKit: ["build", "--progress", "plain"]
    case .legacy: ["build", "--rm", "--force-rm"]
    }
  }

  package func save(
    _ image: EngineImage, _ consumer: @escaping @Sendable (any ByteReader) throws -> Void
  ) async throws {
    try await tool.stream(["save", image.id], output: .consumer(consumer), log: { _ in })
  }

  package func load(
    config: Digest, directory: FilePath, _ producer: @escaping @Sendable (any ByteWriter) throws -> Void
  ) async throws -> EngineImage {
    try await tool.stream(["load", "--quiet"], input: .producer(producer), log: { _ in })
    guard let image = try await image(config: config) else { throw ArchiveFile.isAnotherImage(config) }
    return image
  }

  package func image(config: Digest) async throws -> EngineImage? {
    guard let image = try await image(named: hasContainerdStore ? ExactName.of(config) : config.description) else {
      return nil
    }
    return hasContainerdStore || image.id == config.description ? image : nil
  }

  package func image(named name: String) async throws -> EngineImage? {
    let id = try await tool.outputIfAny(["image", "inspect", "--format", "{{.Id}}", name])
    return id.map { EngineImage(id: $0) }
  }

  package func config(of image: EngineImage) async throws -> Digest {
    guard hasContainerdStore else { return try image.configDigest() }
    throw Failure(
      "docker's containerd image store does not tell the config digest of \(image.id)",
      help: "use an image of a registry as the base, or another engine")
  }

  package func pull(
    _ reference: ImageReference, platform: Platform?, log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage {
    var words = ["pull", "--quiet"]
    if let platform { words += ["--platform", platform.description] }
    _ = try await tool.output(words + [reference.canonical], limit: .seconds(6 * 3600))
    guard let image = try await image(named: reference.canonical) else {
      throw Failure("docker does not have \(reference) though it fetched it")
    }
    return image
  }

  package func onBuild(of image: EngineImage) async throws -> [String] {
    let text = try await tool.output(["image", "inspect", "--format", "{{json .Config.OnBuild}}", image.id])
    return (try? JSONValue(parsing: text))?.strings ?? []
  }

  package func environment(of image: EngineImage) async throws -> [String: String] {
    let text = try await tool.output(["image", "inspect", "--format", "{{json .Config.Env}}", image.id])
    return EnvironmentList.variables((try? JSONValue(parsing: text))?.strings ?? [])
  }

  package func exactName(of image: EngineImage, digest: Digest) async throws -> String {
    if builder == .legacy && !hasContainerdStore { return image.id }
    _ = try await tool.output(["tag", image.id, ExactName.of(digest)])
    return ExactName.of(digest)
  }

  package func tag(_ image: EngineImage, config: Digest, as names: [ImageReference]) async throws {
    let exact = hasContainerdStore ? [ExactName.of(config)] : []
    for name in names.map(\.canonical) + exact { _ = try await tool.output(["tag", image.id, name]) }
  }

  /// Docker removes an image with its last name.
  package func untag(_ names: [ImageReference]) async {
    for name in names.map(\.canonical) {
      guard let image = try? await image(named: name), let digest = Digest(image.id),
        (try? await tool.output(["tag", image.id, ExactName.of(digest)])) != nil
      else { continue }
      _ = try? await tool.output(["rmi", "--no-prune", name])
    }
  }

  package func remove(_ image: EngineImage) async { _ = try? await tool.output(["rmi", "--no-prune", image.id]) }

  package func run(
    _ command: [String], in image: EngineImage, directory: FilePath, log: @escaping @Sendable (String) -> Void
  ) async throws {
    let name = Self.containerName(directory)
    let entry = command.prefix(1).flatMap { ["--entrypoint", $0] }
    let words = ["run", "--rm", "--name", name, "--network", "host"] + entry + [image.id] + command.dropFirst()
    do {
      try await tool.stream(words, log: log)
    } catch {
      let tool = tool
      await Task { _ = try? await tool.output(["rm", "--force", name]) }.value
      throw error
    }
  }

  package func removeLeftovers(
    below directory: FilePath, except isCurrent: @escaping @Sendable (FilePath) -> Bool
  ) async {
    let prefix = Self.containerPrefix(directory)
    let format = ["ps", "--all", "--filter", "name=^\(prefix)", "--format", "{{.Names}}"]
    guard let names = try? await tool.outputIfAny(format) else { return }
    for name in names.split(separator: "\n") where name.hasPrefix(prefix) {
      let place = directory / FilePath(name.dropFirst(prefix.utf8.count))
      if !isCurrent(place) { _ = try? await tool.output(["rm", "--force", String(name)]) }
    }
  }

  /// Says which repository and which run it belongs to.
  private static func containerName(_ directory: FilePath) -> String {
    containerPrefix(directory.parent) + directory.name.description
  }

  private static func containerPrefix(_ directory: FilePath) -> String {
    "coppice-\(Digest.sha256(directory.bytes).short)-"
  }
}
