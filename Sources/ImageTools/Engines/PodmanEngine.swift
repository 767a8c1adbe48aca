package import HostSystem
package import ImageModel
internal import JSONText

/// podman: builds with buildah inside.
package struct PodmanEngine: ContainersEngine {
  package let name = "podman"
  package let version: String
  package let isolation: String?
  package let tool: EngineTool
  package let buildCommand = "build"
  package let registryTransport = ""

  init(_ tool: EngineTool, version: String, isolation: String?) {
    self.tool = tool
    self.version = version
    self.isolation = isolation
  }

  package func save(
    _ image: EngineImage, _ consumer: @escaping @Sendable (any ByteReader) throws -> Void
  ) async throws {
    try await tool.stream(
      // Here alone it wants the bare digits.
      ["save", "--quiet", "--format", "docker-archive", try image.configDigest().hex], output: .consumer(consumer),
      log: { _ in })
  }

  package func image(named name: String) async throws -> EngineImage? {
    let id = try await tool.outputIfAny(["image", "inspect", "--format", "{{.Id}}", name])
    return id.flatMap { Digest(hex: $0) ?? Digest($0) }.map { EngineImage(id: $0.description) }
  }

  /// podman shows the instructions only in the history, where those of the image's own bases stand too.
  package func onBuild(of image: EngineImage) async throws -> [String] {
    let format = #"{{range .History}}{{.CreatedBy}}{{"\n"}}{{end}}"#
    let text = try await tool.output(["image", "inspect", "--format", format, image.id])
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard let mark = words.firstIndex(of: "ONBUILD"), mark == 0 || words[mark - 1] == "#(nop)" else { return nil }
      return words[(mark + 1)...].joined(separator: " ")
    }
  }

  package func environment(of image: EngineImage) async throws -> [String: String] {
    let text = try await tool.output(["image", "inspect", "--format", "{{json .Config.Env}}", image.id])
    return EnvironmentList.variables((try? JSONValue(parsing: text))?.strings ?? [])
  }

  package func untag(_ names: [ImageReference]) async {
    for name in names.map(\.canonical) {
      guard let image = try? await image(named: name) else { continue }
      _ = try? await tool.output(["untag", image.id, name])
    }
  }

  package func remove(_ image: EngineImage) async { _ = try? await tool.output(["rmi", "--no-prune", image.id]) }

  /// By a build of one instruction: `podman run` knows no isolation that works where the kernel refuses containers.
  package func run(
    _ command: [String], in image: EngineImage, directory: FilePath, log: @escaping @Sendable (String) -> Void
  ) async throws {
    var request = BuildRequest(directory: directory)
    request.context = "test-context"
    request.dockerfile = "test-Dockerfile"
    request.mayUseCache = false
    let text = "FROM \(image.id)\nRUN \(JSONValue.array(command.map { .string($0) }).text)\n"
    let (context, dockerfile) = (directory / request.context, directory / request.dockerfile)
    try await onBlockingThread { [files = tool.files] in
      try files.createDirectory(context)
      try files.replace(dockerfile, with: Array(text.utf8), mode: 0o600)
    }
    await remove(try await build(request, log: log))
  }

  /// `podman build` removes its containers itself; those of a killed one do not say whose they were.
  package func removeLeftovers(
    below directory: FilePath, except isCurrent: @escaping @Sendable (FilePath) -> Bool
  ) async {}
}
