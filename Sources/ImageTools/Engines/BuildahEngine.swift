package import HostSystem
package import ImageModel
internal import JSONText

/// buildah: no daemon, and no root needed.
package struct BuildahEngine: ContainersEngine {
  package let name = "buildah"
  package let version: String
  /// `chroot` where the kernel refuses more; nil for buildah's own choice.
  package let isolation: String?
  package let tool: EngineTool
  package let buildCommand = "bud"
  package let registryTransport = "docker://"

  init(_ tool: EngineTool, version: String, isolation: String?) {
    self.tool = tool
    self.version = version
    self.isolation = isolation
  }

  package func save(
    _ image: EngineImage, _ consumer: @escaping @Sendable (any ByteReader) throws -> Void
  ) async throws {
    try await tool.stream(
      ["push", "--quiet", image.id, "docker-archive:/dev/stdout"], output: .consumer(consumer), log: { _ in })
  }

  package func image(named name: String) async throws -> EngineImage? {
    let id = try await tool.outputIfAny(["inspect", "--type", "image", "--format", "{{.FromImageID}}", name])
    return id.flatMap { Digest(hex: $0) ?? Digest($0) }.map { EngineImage(id: $0.description) }
  }

  package func onBuild(of image: EngineImage) async throws -> [String] {
    try await config(of: image)?["OnBuild"]?.strings ?? []
  }

  package func environment(of image: EngineImage) async throws -> [String: String] {
    EnvironmentList.variables(try await config(of: image)?["Env"]?.strings ?? [])
  }

  private func config(of image: EngineImage) async throws -> JSONValue? {
    let text = try await tool.output(["inspect", "--type", "image", image.id])
    return (try? JSONValue(parsing: text))?["Docker"]?["config"]
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
    let mark = Self.mark(directory)
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
