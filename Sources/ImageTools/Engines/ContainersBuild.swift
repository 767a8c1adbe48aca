import HostSystem
import ImageModel

/// The build command that buildah and podman share.
struct ContainersBuild {
  let tool: EngineTool
  /// `buildah bud`, `podman build`.
  let command: String
  /// Nil means the engine's own choice.
  let isolation: String?

  /// The directory of its configuration shows in a container's description and is not used on the host's network:
  /// so a later run knows the containers of a killed one.
  static func mark(_ directory: FilePath) -> [String] { ["--cni-config-dir", directory.description] }

  func run(_ request: BuildRequest, log: @escaping @Sendable (String) -> Void) async throws -> EngineImage {
    do {
      return try await attempt(request, log: log)
    } catch let failure as Failure {
      // An image in the engine's store that lost a layer makes every look into the cache fail.
      guard request.mayUseCache, failure.message.contains("checking if cached image exists") else { throw failure }
      log("coppice: the engine's layer cache is damaged; building without it")
      var request = request
      request.mayUseCache = false
      return try await attempt(request, log: log)
    }
  }

  private func attempt(
    _ request: BuildRequest, log: @escaping @Sendable (String) -> Void
  ) async throws -> EngineImage {
    let variables = BuildVariables(request.arguments)
    let identity = IdentityFile(in: request.directory, files: tool.files)
    try await tool.stream(
      arguments(request, variables, identity),
      adding: variables.environment.merging(OrphanedEngines.variables(request.directory)) { $1 },
      directory: request.directory, log: log)
    return EngineImage(id: try await identity.read().description)
  }

  func arguments(_ request: BuildRequest, _ variables: BuildVariables, _ identity: IdentityFile) -> [String] {
    var words = [command]
    if let isolation { words += ["--isolation", isolation] }
    // Their own format drops SHELL, ONBUILD and HEALTHCHECK; the label would change every image with each upgrade.
    words += ["--format", "docker", "--identity-label=false", "--layers", "--force-rm", "--pull=never"]
    words += ["--network", request.network]
    words += Self.mark(request.directory)
    if !request.mayUseCache { words.append("--no-cache") }
    if let target = request.target { words += ["--target", target] }
    if let platform = request.platform { words += ["--platform", platform.description] }
    if let epoch = request.sourceDateEpoch { words += ["--timestamp", String(epoch)] }
    words += variables.flags
    for (id, file) in request.secrets.sorted(by: { $0.key < $1.key }) { words += ["--secret", "id=\(id),src=\(file)"] }
    words += ["--ignorefile", request.ignoreFile.description, "--iidfile", identity.name.description]
    return words + ["--file", request.dockerfile.description, request.context.description]
  }
}

/// The file into which an engine writes the id of what it built.
struct IdentityFile: Sendable {
  let name: FilePath = "image-id"
  let directory: FilePath
  let files: any FileSystem

  init(in directory: FilePath, files: any FileSystem) {
    self.directory = directory
    self.files = files
  }

  /// - Throws: `Failure` when the engine said that it succeeded and wrote no id.
  func read() async throws -> Digest {
    let path = directory / name
    let bytes = try await onBlockingThread { [files] in try files.contentsIfPresent(of: path, limit: 4096) }
    let text = String(decoding: bytes ?? [], as: UTF8.self).filter { !$0.isWhitespace }
    guard let digest = Digest(text) ?? Digest(hex: text) else {
      throw Failure("the engine finished without saying which image it built")
    }
    return digest
  }
}
