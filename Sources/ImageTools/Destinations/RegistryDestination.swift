package import ContentStore
package import HostSystem
package import ImageModel
import JSONText
package import ReleasePlanning

/// Publishes images, and SIF files as artifacts, in an OCI registry.
package struct RegistryDestination: Destination {
  let client: RegistryClient
  let store: ImageLayout
  /// References of the images that an image is made from, the nearest first, as far as they are published here.
  let parents: @Sendable (ArtifactID) -> [String]

  /// How many names are looked at together.
  private static let width = 16

  /// - Parameters:
  ///   - note: told when the registry makes us wait.
  package init(
    store: ImageLayout, files: any FileSystem, processes: any ProcessRunner, environment: [String: String],
    parents: @escaping @Sendable (ArtifactID) -> [String], note: @escaping @Sendable (Diagnostic) -> Void
  ) {
    self.init(
      client: RegistryClient(files: files, processes: processes, environment: environment, note: note), store: store,
      parents: parents)
  }

  init(client: RegistryClient, store: ImageLayout, parents: @escaping @Sendable (ArtifactID) -> [String]) {
    (self.client, self.store, self.parents) = (client, store, parents)
  }

  package func published(_ names: [String: Digest?]) async throws -> [String: PublishedVersion] {
    try await inWords {
      try await withThrowingTaskGroup(of: (String, PublishedVersion?).self) { group in
        var rest = names.sorted { $0.key < $1.key }[...]
        var found: [String: PublishedVersion] = [:]
        func next() {
          guard let (name, expected) = rest.popFirst() else { return }
          group.addTask { (name, try await version(of: name, expected: expected)) }
        }
        for _ in 0..<Self.width { next() }
        while let (name, version) = try await group.next() {
          found[name] = version
          next()
        }
        return found
      }
    }
  }

  private func version(of name: String, expected: Digest?) async throws -> PublishedVersion? {
    let reference = try Self.reference(name)
    guard let manifest = try await client.manifest(reference.tag ?? "latest", of: reference) else { return nil }
    if manifest.digest == expected { return PublishedVersion(digest: manifest.digest) }
    let (bytes, _) = try await client.document(manifest.digest, of: reference)
    guard let document = try? JSONValue(parsing: bytes) else { return PublishedVersion(digest: manifest.digest) }
    let isSIF = document["config"]?["mediaType"]?.string == SIFArtifact.configType
    let output = isSIF ? document["layers"]?[0]?["digest"]?.string : document["config"]?["digest"]?.string
    return PublishedVersion(digest: manifest.digest, output: output.flatMap { Digest($0) })
  }

  package func target(of shipment: Shipment) throws -> Digest {
    switch shipment.artifact.kind {
    case .sif: .sha256(try artifact(shipment).manifest)
    default: try image(shipment.output, of: shipment.artifact).manifest
    }
  }

  private func image(_ output: ArtifactOutput, of id: ArtifactID) throws -> StoredImage {
    guard let image = try store.image(for: output) else {
      throw Failure("\(id) is not in the content store", help: "build it")
    }
    return image
  }

  private func artifact(_ shipment: Shipment) throws -> SIFArtifact {
    guard let output = shipment.image else { throw Failure("\(shipment.artifact) was made of no image") }
    let fileName = ConversionRecipe.fileName(of: shipment.artifact)
    return SIFArtifact(
      sif: shipment.output.digest, size: shipment.output.size, fileName: fileName,
      image: try image(output, of: shipment.artifact))
  }

  package func hold() -> (any DestinationHold)? { nil }

  // MARK: Uploading

  package func missingBytes(of shipments: [Shipment]) async throws -> [Int] {
    try await inWords {
      var counted = Set<Digest>()
      var result: [Int] = []
      for shipment in shipments {
        let places = try places(of: shipment)
        var bytes = 0
        for (digest, size) in try blobs(of: shipment) where counted.insert(digest).inserted {
          var isThere = false
          for place in places where !isThere { isThere = try await client.has(digest, in: place) }
          if !isThere { bytes += size }
        }
        result.append(bytes)
      }
      return result
    }
  }

  /// The repository, and those from which blobs can be mounted.
  private func places(of shipment: Shipment) throws -> [ImageReference] {
    try ([shipment.names.first].compactMap(\.self) + parents(shipment.artifact)).map { try Self.reference($0) }
  }

  private func blobs(of shipment: Shipment) throws -> [(digest: Digest, size: Int)] {
    if shipment.artifact.kind == .sif { return [(shipment.output.digest, shipment.output.size)] }
    let image = try image(shipment.output, of: shipment.artifact)
    return [(image.config, image.configSize)] + image.layers.map { ($0.blob, $0.size) }
  }

  package func upload(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws {
    try await inWords {
      let places = try places(of: shipment)
      guard let reference = places.first else { return }
      let sources = places.dropFirst().map(\.effectiveRepository)
      guard shipment.artifact.kind == .sif else {
        _ = try await ImagePush(client: client, store: store).run(
          try image(shipment.output, of: shipment.artifact), to: reference, mounting: Array(sources),
          progress: progress)
        return
      }
      let artifact = try artifact(shipment)
      let config = MemoryFile(SIFArtifact.config, path: "config")
      _ = try await client.push(.sha256(SIFArtifact.config), from: config, to: reference)
      _ = try await client.push(
        artifact.sif, from: try store.openAnywhere(blob: artifact.sif), to: reference, progress: progress)
      let digest = Digest.sha256(artifact.manifest)
      let isReferrer = try await client.put(
        artifact.manifest, SIFArtifact.mediaType, as: "\(digest)", of: reference)
      if !isReferrer { try await addReferrer(artifact, to: reference) }
    }
  }

  /// For registries that do not know themselves what refers to an image.
  private func addReferrer(_ artifact: SIFArtifact, to reference: ImageReference) async throws {
    let tag = artifact.referrersTag
    let known = try await client.manifest(tag, of: reference)
    let bytes = if let known { try await client.document(known.digest, of: reference).bytes } else { nil as [UInt8]? }
    guard let index = try artifact.referrers(adding: bytes) else { return }
    _ = try await client.put(index, SIFArtifact.indexType, as: tag, of: reference)
  }

  // MARK: Names

  package func perform(
    _ switches: [NameSwitch], switched: @Sendable (NameSwitch) -> Void
  ) async throws -> [String] {
    try await inWords {
      var kept: [String] = []
      for change in switches {
        let reference = try Self.reference(change.name)
        let tag = reference.tag ?? "latest"
        let now = try await client.manifest(tag, of: reference)?.digest
        if now == change.to { continue }
        guard now == change.from else {
          throw Failure(
            "\(change.name) leads to \(now.map { "sha256:\($0.short)…" } ?? "nothing") by now: somebody else moved it",
            help: "look what it is, then plan again")
        }
        if let to = change.to {
          let (bytes, type) = try await client.document(to, of: reference)
          _ = try await client.put(bytes, type, as: tag, of: reference)
        } else if try await !client.remove(tag, of: reference) {
          kept.append(change.name)
          continue
        }
        switched(change)
      }
      return kept
    }
  }

  static func reference(_ name: String) throws -> ImageReference {
    do {
      return try ImageReference(name)
    } catch {
      throw Failure("'\(name)' is no name in a registry")
    }
  }

  func inWords<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let error as RegistryError {
      try Task.checkCancellation()
      throw error.failure
    } catch {
      throw error.inWords
    }
  }
}
