package import BuildEngine
package import BuildRecords
package import HostSystem
package import ImageModel

/// What buildah and podman share: one library builds for both, and an image's id is its config digest.
package protocol ContainersEngine: ContainerEngine {
  var tool: EngineTool { get }
  /// `chroot` where the kernel refuses more; nil for the engine's own choice.
  var isolation: String? { get }
  /// `buildah bud`, `podman build`.
  var buildCommand: String { get }
  /// What stands before a reference of a registry.
  var registryTransport: String { get }
}

extension ContainersEngine {
  package var hasConfigIDs: Bool { true }

  package func refusal(of recipe: ImageRecipe) -> StepFailure? {
    UnsupportedFeatures.containers(name, version).refusal(of: recipe)
  }

  package func cacheDoubt(
    for recipe: ImageRecipe, triggers: [String: [String]], files: [StagedFile]
  ) -> String? {
    CacheDoubts.containers(FiredStages(recipe.dockerfile, triggers: triggers)) ?? CacheDoubts.proxies(recipe)
  }

  package func build(
    _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage {
    do {
      return try await tool.build(request, log: log, arguments: arguments)
    } catch let failure as Failure {
      // An image in the engine's store that lost a layer makes every look into the cache fail.
      guard request.mayUseCache, failure.message.contains("checking if cached image exists") else { throw failure }
      log("coppice: the engine's layer cache is damaged; building without it")
      var request = request
      request.mayUseCache = false
      return try await tool.build(request, log: log, arguments: arguments)
    }
  }

  private func arguments(_ request: BuildRequest) -> [String] {
    var words = [buildCommand]
    if let isolation { words += ["--isolation", isolation] }
    // Their own format drops SHELL, ONBUILD and HEALTHCHECK; the label would change every image with each upgrade.
    words += ["--format", "docker", "--identity-label=false", "--layers", "--force-rm", "--pull=never"]
    words += Self.mark(request.directory)
    if request.mayUseCache, let age = request.oldestLayer { words += ["--cache-ttl", "\(age)s"] }
    if let epoch = request.sourceDateEpoch { words += ["--timestamp", String(epoch)] }
    return words + ["--ignorefile", request.ignoreFile.description]
  }

  /// The directory of its configuration shows in a container's description and is not used on the host's network:
  /// so a later run knows the containers of a killed one.
  static func mark(_ directory: FilePath) -> [String] { ["--cni-config-dir", directory.description] }

  package func load(
    config: Digest, directory: FilePath, _ producer: @escaping @Sendable (any ByteWriter) throws -> Void
  ) async throws -> EngineImage {
    try await ArchiveFile(directory: directory, files: tool.files).load(config, from: producer) { archive in
      _ = try await tool.output(["pull", "--quiet", "docker-archive:\(archive)"], limit: .seconds(3600))
      return try await image(config: config)
    }
  }

  package func image(config: Digest) async throws -> EngineImage? { try await image(named: config.description) }

  package func config(of image: EngineImage) async throws -> Digest { try image.configDigest() }

  package func pull(
    _ reference: ImageReference, platform: Platform?, log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage {
    var words = ["pull", "--quiet"]
    if let platform { words += ["--platform", platform.description] }
    if Loopback.isLoopback(reference.effectiveRegistry) { words.append("--tls-verify=false") }
    let id = try await tool.output(words + [registryTransport + reference.canonical], limit: .seconds(6 * 3600))
    guard let digest = id.split(separator: "\n").last.flatMap({ Digest(hex: $0) ?? Digest($0) }) else {
      throw Failure("\(name) did not say which image it fetched for \(reference)")
    }
    return EngineImage(id: digest.description)
  }

  package func exactName(of image: EngineImage, digest: Digest) async throws -> String { image.id }

  package func tag(_ image: EngineImage, config: Digest, as names: [ImageReference]) async throws {
    _ = try await tool.output(["tag", image.id] + names.map(\.canonical))
  }
}
