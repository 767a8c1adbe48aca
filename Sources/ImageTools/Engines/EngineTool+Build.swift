import HostSystem
import ImageModel

extension EngineTool {
  /// Builds an image with the words that all engines share.
  /// - Parameters:
  ///   - context: what the engine gets in place of the directory.
  ///   - arguments: the command, and the words that are the engine's own.
  func build(
    _ request: BuildRequest, context: LegacyContext? = nil, log: @escaping @Sendable (String) -> Void,
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
    let dockerfile = context?.dockerfile ?? request.dockerfile
    words += ["--file", dockerfile.description, context == nil ? request.context.description : "-"]
    try await stream(
      words, adding: variables.environment.merging(OrphanedEngines.variables(request.directory)) { $1 },
      directory: request.directory, input: context.map { context in .producer { try context.write(to: $0) } } ?? .null,
      log: log)
    return EngineImage(id: try await identity.read().description)
  }
}
