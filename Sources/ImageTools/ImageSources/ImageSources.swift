package import ContentStore
package import HostSystem
package import ImageModel

/// Finds images wherever they lie.
package struct ImageSources: Sendable {
  private let files: any FileSystem
  private let processes: any ProcessRunner
  private let environment: [String: String]
  private let client: RegistryClient

  /// - Parameters:
  ///   - environment: where logins, certificates and temporary files lie.
  ///   - note: told what takes long.
  package init(
    files: any FileSystem, processes: any ProcessRunner, environment: [String: String],
    note: @escaping @Sendable (Diagnostic) -> Void = { _ in }
  ) {
    self.files = files
    self.processes = processes
    self.environment = environment
    client = RegistryClient(files: files, processes: processes, environment: environment, note: note)
  }

  /// - Parameters:
  ///   - platform: nil for this machine's, or the only one's.
  ///   - store: where `store:` leads.
  /// - Throws: `Failure`, `FileSystemError`, `CancellationError`.
  package func image(
    at address: ImageAddress, platform: Platform?, store: () throws -> FilePath
  ) async throws -> SourceImage {
    switch address {
    case .layout(let path, let name): return try await image(inLayout: path, name, platform)
    case .stored(let name): return try await image(inLayout: try store(), name, platform)
    case .archive(let path, let name):
      return try await onBlockingThread { [files, spool] in
        try ImageArchive(path, files: files, spool: spool).image(named: name, platform: platform)
      }
    case .daemon(let name):
      let tool = EngineTool(program: "docker", environment: environment, processes: processes, files: files)
      return try await DockerDaemon(tool: tool, spool: spool).image(name, platform: platform)
    case .registry(let reference):
      do {
        return try await client.image(reference, platform: platform)
      } catch let error as RegistryError {
        throw error.failure
      }
    }
  }

  private func image(inLayout path: FilePath, _ name: String?, _ platform: Platform?) async throws -> SourceImage {
    try await onBlockingThread { [files] in
      try LayoutDirectory(path, files: files).image(named: name, platform: platform)
    }
  }

  private var spool: ArchiveSpool { ArchiveSpool(in: TemporaryPlace(environment, files).directory, files: files) }
}
