package import BuildEngine
package import BuildRecords
package import HostSystem
package import ImageModel
internal import JSONText

/// buildah: no daemon, and no root needed.
package struct BuildahEngine: ContainerEngine {
  package let name = "buildah"
  package let version: String
  package let hasConfigIDs = true
  /// `chroot` where the kernel refuses more; nil for buildah's own choice.
  let isolation: String?
  let tool: EngineTool

  init(_ tool: EngineTool, version: String, isolation: String?) {
    self.tool = tool
    self.version = version
    self.isolation = isolation
  }

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
    try await ContainersBuild(tool: tool, command: "bud", isolation: isolation).run(request, log: log)
  }

  package func save(
    _ image: EngineImage, _ consumer: @escaping @Sendable (any ByteReader) throws -> Void
  ) async throws {
    try await tool.stream(
      ["push", "--quiet", image.id, "docker-archive:/dev/stdout"], output: .consumer(consumer), log: { _ in })
  }

  package func load(
    config: Digest, directory: FilePath, _ producer: @escaping @Sendable (any ByteWriter) throws -> Void
  ) async throws -> EngineImage {
    try await ArchiveFile(directory: directory, files: tool.files).load(config, from: producer) { archive in
      _ = try await tool.output(["pull", "--quiet", "docker-archive:\(archive)"], limit: .seconds(3600))
      return try await image(config: config)
    }
  }

  package func image(config: Digest) async throws -> EngineImage? { try await image(named: config.description) }

  package func image(named name: String) async throws -> EngineImage? {
    let id = try await tool.outputIfAny(["inspect", "--type", "image", "--format", "{{.FromImageID}}", name])
    return id.flatMap { Digest(hex: $0) ?? Digest($0) }.map { EngineImage(id: $0.description) }
  }

  package func config(of image: EngineImage) async throws -> Digest { try image.configDigest() }

  package func pull(
    _ reference: ImageReference, platform: Platform?, log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage {
    var words = ["pull", "--quiet"]
    if let platform { words += ["--platform", platform.description] }
    if Loopback.isLoopback(reference.effectiveRegistry) { words.append("--tls-verify=false") }
    let id = try await tool.output(words + ["docker://\(reference.canonical)"], limit: .seconds(6 * 3600))
    guard let digest = id.split(separator: "\n").last.flatMap({ Digest(hex: $0) ?? Digest($0) }) else {
      throw Failure("buildah did not say which image it fetched for \(reference)")
    }
    return EngineImage(id: digest.description)
  }

  package func onBuild(of image: EngineImage) async throws -> [String] {
    let text = try await tool.output(["inspect", "--type", "image", image.id])
    return (try? JSONValue(parsing: text))?["Docker"]?["config"]?["OnBuild"]?.strings ?? []
  }

  package func exactName(of image: EngineImage, digest: Digest) async throws -> String { image.id }

  package func tag(_ image: EngineImage, config: Digest, as names: [ImageReference]) async throws {
    _ = try await tool.output(["tag", image.id] + names.map(\.canonical))
  }

  /// buildah removes an image with its last name.
  package func untag(_ names: [ImageReference]) async {
    for name in names.map(\.canonical) {
      guard let image = try? await image(named: name), let digest = Digest(image.id),
        (try? await tool.output(["tag", image.id, ExactName.of(digest)])) != nil
      else { continue }
      _ = try? await tool.output(["rmi", name])
    }
  }

  package func remove(_ image: EngineImage) async { _ = try? await tool.output(["rmi", image.id]) }

  package func run(
    _ command: [String], in image: EngineImage, directory: FilePath, log: @escaping @Sendable (String) -> Void
  ) async throws {
    let mark = ContainersBuild.mark(directory)
    let container = try await tool.output(["from", "--quiet", "--pull-never"] + mark + [image.id])
    let flags = (isolation.map { ["--isolation", $0] } ?? []) + ["--network", "host"] + mark
    do {
      try await tool.stream(["run"] + flags + ["--", container] + command, log: log)
    } catch {
      await removeContainer(container)
      throw error
    }
    await removeContainer(container)
  }

  package func removeLeftovers(
    below directory: FilePath, except isCurrent: @escaping @Sendable (FilePath) -> Bool
  ) async {
    guard let text = try? await tool.outputIfAny(["containers", "--json"]),
      let containers = try? JSONValue(parsing: text).array
    else { return }
    for id in containers.compactMap({ $0["id"]?.string }) {
      let format = "{{.CNIConfigDir}}"
      guard let mark = try? await tool.outputIfAny(["inspect", "--type", "container", "--format", format, id]),
        FilePath(mark).isAbsolute, FilePath(mark).isBelow(directory), !isCurrent(FilePath(mark))
      else { continue }
      await removeContainer(id)
    }
  }

  /// Also when the task is cancelled: a task of its own does not inherit that.
  private func removeContainer(_ id: String) async {
    let tool = tool
    await Task { _ = try? await tool.output(["rm", id]) }.value
  }
}
