import HostSystem
import ImageModel

extension EngineTool {
  /// Builds an image with the words that all engines share.
  /// - Parameter arguments: the command, and the words that are the engine's own.
  func build(
    _ request: BuildRequest, log: @escaping @Sendable (String) -> Void,
    arguments: (BuildRequest) -> [String]
  ) async throws -> EngineImage {
    let variables = BuildVariables(request.arguments)
    let identity = IdentityFile(in: request.directory, files: files)
    var words = arguments(request) + ["--network", request.network]
    if !request.mayUseCache { words.append("--no-cache") }
    if let target = request.target { words += ["--target", target] }
    if let platform = request.platform { words += ["--platform", platform.description] }
    words += variables.flags
    for (id, file) in request.secrets.sorted(by: { $0.key < $1.key }) { words += ["--secret", "id=\(id),src=\(file)"] }
    words += ["--iidfile", identity.name.description]
    words += ["--file", request.dockerfile.description, request.context.description]
    try await stream(
      words, adding: variables.environment.merging(OrphanedEngines.variables(request.directory)) { $1 },
      directory: request.directory, log: log)
    return EngineImage(id: try await identity.read().description)
  }
}
