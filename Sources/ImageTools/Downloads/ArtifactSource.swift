import ContentStore
import HostSystem
import ImageModel
package import ReleasePlanning

/// A destination as those see it who have a lockfile, and not what it names.
package protocol ArtifactSource: Sendable {
  /// Brings exactly the output that was recorded into the store, where it stands for its fingerprint then.
  ///
  /// Nothing is believed that digests do not prove: who has published it does not matter.
  /// - Parameter shipment: what the lockfile names.
  /// - Returns: false when it is not there.
  /// - Throws: `Failure` in words, `CancellationError`.
  func fetch(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws -> Bool

  /// Whether it is there, as far as is known without fetching it.
  /// - Throws: `Failure` in words, `CancellationError`.
  func has(_ shipment: Shipment) async throws -> Bool
}

extension DirectoryDestination: ArtifactSource {
  package func fetch(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws -> Bool {
    try await inWords {
      let digest = shipment.output.digest
      guard shipment.artifact.kind == .sif, let size = try await site.overview()?.files[digest.hex] else {
        return false
      }
      let file = PublishedFile(name: shipment.names.first ?? "", digest: digest, size: size)
      return try await FetchedSIF(store: store, files: files).keep(
        file, of: shipment, from: SiteListing(site: site), progress: progress)
    }
  }
}

extension DirectoryDestination {
  package func has(_ shipment: Shipment) async throws -> Bool {
    try await inWords {
      guard shipment.artifact.kind == .sif, shipment.output.content != nil else { return false }
      return try await site.overview()?.files[shipment.output.digest.hex] != nil
    }
  }
}

extension RegistryDestination: ArtifactSource {
  package func fetch(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws -> Bool {
    try await inWords {
      guard let name = shipment.names.first else { return false }
      let reference = try Self.reference(name)
      let digest = shipment.output.digest
      if shipment.artifact.kind == .sif {
        guard try await client.has(digest, in: reference) else { return false }
        let file = PublishedFile(name: name, digest: digest, size: shipment.output.size, reference: reference)
        return try await FetchedSIF(store: store, files: store.files).keep(
          file, of: shipment, from: RegistryFiles(client: client, files: store.files), progress: progress)
      }
      guard var found = try await image(shipment, reference) else { return false }
      found.layers = found.layers.map { $0.watched { progress($0.count) } }
      let source = found
      let stored = try await onBlockingThread { try store.keep(source) }
      guard stored.config == digest else { return false }
      try store.remember(stored.output, for: shipment.fingerprint)
      return true
    }
  }

  package func has(_ shipment: Shipment) async throws -> Bool {
    try await inWords {
      guard let name = shipment.names.first else { return false }
      let reference = try Self.reference(name)
      if shipment.artifact.kind == .sif { return try await client.has(shipment.output.digest, in: reference) }
      if let manifest = shipment.output.manifest, try await client.manifest("\(manifest)", of: reference) != nil {
        return true
      }
      return try await version(in: shipment.names, of: shipment.output) != nil
    }
  }

  /// What leads to an output under another name than that of its manifest.
  private func version(in names: [String], of output: ArtifactOutput) async throws -> PublishedVersion? {
    let seen = try await published(names.reduce(into: [:]) { $0[$1] = .some(nil) })
    return seen.values.first { $0.output == output.digest }
  }

  /// The manifest may lie there though the tags lead elsewhere by now; or the same image in another wrapping.
  private func image(_ shipment: Shipment, _ reference: ImageReference) async throws -> SourceImage? {
    if let manifest = shipment.output.manifest, try await client.manifest("\(manifest)", of: reference) != nil {
      let image = try await client.image(reference.at(manifest), platform: nil)
      if Digest.sha256(image.config) == shipment.output.digest { return image }
    }
    guard let version = try await version(in: shipment.names, of: shipment.output) else { return nil }
    return try await client.image(reference.at(version.digest), platform: nil)
  }
}

extension ImageReference {
  fileprivate func at(_ digest: Digest) -> ImageReference {
    var reference = self
    (reference.tag, reference.digest) = (nil, digest)
    return reference
  }
}

/// A SIF on its way into the store.
struct FetchedSIF {
  let store: ImageLayout
  let files: any FileSystem

  /// - Returns: false when it is not known what it was made of.
  func keep(
    _ file: PublishedFile, of shipment: Shipment, from source: any FileSource,
    progress: @escaping @Sendable (Int) -> Void
  ) async throws -> Bool {
    guard let content = shipment.output.content, let image = shipment.image?.digest else { return false }
    try store.prepare()
    // Under a name that the next try finds again.
    let path = store.temporary / FilePath("fetched-\(file.digest.hex)")
    if try store.size(ofBlob: file.digest) != file.size {
      try await FileDownload(file: file, source: source, files: files).run(to: path, progress: progress)
    }
    try await onBlockingThread { [store, files] in
      if try files.statusIfPresent(of: path) != nil { try store.take(path, digest: file.digest, size: file.size) }
      let blob = try store.openAnywhere(blob: file.digest)
      var hasher = MD5Hasher()
      try blob.forEachPiece(of: 0..<blob.size) { hasher.update($0) }
      let sif = StoredSIF(
        digest: file.digest, size: file.size, content: content, image: image, md5: hasher.finish())
      try store.record(sif)
      try store.remember(sif.output, for: shipment.fingerprint)
    }
    return true
  }
}
