package import HostSystem
package import ImageModel

/// The files at one place where somebody publishes, to be downloaded.
package struct PublishedFiles: Sendable {
  private let listing: any FileListing
  private let files: any FileSystem

  /// What became of a file.
  package enum Outcome: Sendable { case downloaded, current }

  /// A web root.
  package static func web(
    _ address: String, files: any FileSystem, environment: [String: String]
  ) -> PublishedFiles {
    let transfer = CurlTransfer(environment: environment)
    return PublishedFiles(listing: WebRoot(address, files: files) { try await transfer.perform($0) }, files: files)
  }

  /// A directory of this machine.
  package static func directory(_ root: FilePath, files: any FileSystem) -> PublishedFiles {
    PublishedFiles(listing: SiteListing(site: LocalSite(root: root, files: files)), files: files)
  }

  /// A directory of another machine.
  package static func remote(
    _ place: RemotePlace, _ options: SSHOptions, files: any FileSystem, processes: any ProcessRunner,
    environment: [String: String]
  ) -> PublishedFiles {
    let shell = RemoteShell(place: place, options: options, processes: processes, environment: environment)
    return PublishedFiles(listing: SiteListing(site: RemoteSite(shell: shell, publisher: "")), files: files)
  }

  /// SIF files in a registry.
  /// - Parameter references: with a tag, by the names of the files.
  package static func registry(
    _ references: [String: ImageReference], files: any FileSystem, processes: any ProcessRunner,
    environment: [String: String], note: @escaping @Sendable (Diagnostic) -> Void
  ) -> PublishedFiles {
    let client = RegistryClient(files: files, processes: processes, environment: environment, note: note)
    let source = RegistryFiles(client: client, files: files)
    return PublishedFiles(listing: TaggedFiles(source: source, references: references), files: files)
  }

  /// All of them, by name.
  package func list() async throws -> [PublishedFile] { try await listing.list() }

  /// Whether it lies there already, whole.
  package func isCurrent(_ file: PublishedFile, at path: FilePath) async throws -> Bool {
    try await onBlockingThread { [files] in
      guard let status = try files.statusIfPresent(of: path), status.kind == .regular, status.size == file.size else {
        return false
      }
      return try files.digest(of: path) == file.digest
    }
  }

  /// Brings a file, and what lies beside it, unless it is there.
  package func download(
    _ file: PublishedFile, to path: FilePath, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> Outcome {
    if try await isCurrent(file, at: path) { return .current }
    // Who reads them while the file comes must not find those of the one before.
    var companions: [(FilePath, [UInt8])] = []
    for suffix in ReleaseDirectory.companions {
      let beside = FilePath(bytes: path.bytes + Array(suffix.utf8))
      if let bytes = try await listing.companion(suffix, of: file) { companions.append((beside, bytes)) }
    }
    try await FileDownload(file: file, source: listing, files: files).run(to: path, mode: 0o755, progress: progress)
    for (path, bytes) in companions { try files.replace(path, with: bytes, mode: 0o644) }
    return .downloaded
  }
}
