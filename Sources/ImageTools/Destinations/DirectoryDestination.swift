package import ContentStore
package import HostSystem
package import ImageModel
import JSONText
package import ReleasePlanning

/// Publishes files in a directory that others read, here or on another machine: a web root, a file server.
package struct DirectoryDestination: Destination {
  let site: any FileSite
  let store: ImageLayout
  let files: any FileSystem
  /// Where files have names, and what is written beside them.
  private let images: FilePath
  private let seen = Locked<SiteOverview?>(nil)

  /// A directory of this machine.
  /// - Parameter images: where SIF files lie in the repository.
  package init(root: FilePath, store: ImageLayout, images: FilePath, files: any FileSystem) {
    (site, self.store, self.images, self.files) = (LocalSite(root: root, files: files), store, images, files)
  }

  /// A directory of another machine.
  /// - Parameter publisher: who publishes: the same on each run from the same repository.
  package init(
    _ place: RemotePlace, _ options: SSHOptions, publisher: String, store: ImageLayout, images: FilePath,
    files: any FileSystem, processes: any ProcessRunner, environment: [String: String]
  ) {
    let shell = RemoteShell(place: place, options: options, processes: processes, environment: environment)
    site = RemoteSite(shell: shell, publisher: publisher)
    (self.store, self.images, self.files) = (store, images, files)
  }

  // MARK: What is there

  package func published(_ names: [String: Digest?]) async throws -> [String: PublishedVersion] {
    try await inWords {
      let (entries, overview) = try await site.look(names.keys.sorted(), hashed: Set(names.keys))
      seen.withLock { $0 = overview }
      let directory = ReleaseDirectory(site: site.name, overview, entries: entries)
      return try names.keys.reduce(into: [:]) { published, name in
        published[name] = try directory.seen(name).map { PublishedVersion(digest: $0, output: $0) }
      }
    }
  }

  package func target(of shipment: Shipment) -> Digest { shipment.output.digest }

  package func missingBytes(of shipments: [Shipment]) async throws -> [Int] {
    try await inWords {
      // What was just looked at need not be asked again to tell how much there is to do.
      let known = seen.withLock { $0 }
      let overview = if let known { known } else { try await site.overview() }
      var present = Set((overview?.files ?? [:]).keys)
      return shipments.map { present.insert($0.output.digest.hex).inserted ? $0.output.size : 0 }
    }
  }

  package func hold() async throws -> (any DestinationHold)? {
    try await inWords { try await site.hold() }
  }

  // MARK: Uploading

  package func upload(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws {
    try await inWords {
      let digest = shipment.output.digest
      let file = try store.openAnywhere(blob: digest)
      guard file.size == shipment.output.size else {
        throw Failure("\(digest) in the content store is damaged", help: "run `coppice verify`, then build again")
      }
      try await site.put(file, digest, companions: try companions(of: shipment), progress: progress)
    }
  }

  /// What the build has written beside the file, and the MD5 sum that casa_distro's clients compare.
  private func companions(of shipment: Shipment) throws -> [(suffix: String, bytes: [UInt8])] {
    // A file is called there as here.
    guard let name = shipment.names.first else { return [] }
    let path = images / FilePath(name + ".json")
    guard let bytes = try files.contentsIfPresent(of: path, limit: 1 << 20) else { return [] }
    let document = try? JSONValue(parsing: bytes)
    // It may be that of another build.
    guard document?["sha256"]?.string == shipment.output.digest.hex else { return [] }
    let sum = document?["md5"]?.string.map { [(suffix: ".md5", bytes: Array($0.utf8))] } ?? []
    return [(".json", bytes)] + sum
  }

  // MARK: Names

  package func perform(
    _ switches: [NameSwitch], switched: @Sendable (NameSwitch) -> Void
  ) async throws -> [String] {
    try await inWords {
      let overview = try await site.overview()
      let known = ReleaseDirectory(site: site.name, overview).shown.keys
      let entries = try await site.entries(
        ReleaseDirectory.paths(of: Set(known).union(switches.map(\.name)).sorted()), hashed: Set(switches.map(\.name)))
      let switching = try ReleaseDirectory.switching(switches, site: site.name, overview, entries: entries)
      // What stays of old releases costs room, and nothing else.
      try await site.perform(switching.changes, last: switching.tidying)
      switching.done.forEach(switched)
      return []
    }
  }

  /// Puts documents beside the names of releases, each as a whole: for people who look there, and no part of any release.
  package func put(_ documents: [(name: String, bytes: [UInt8])]) async throws {
    try await inWords {
      let hold = try await site.hold()
      defer { hold.release() }
      try await site.perform(documents.map { .write($0.name, $0.bytes) }, last: [])
    }
  }

  func inWords<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch {
      throw error.inWords
    }
  }
}
