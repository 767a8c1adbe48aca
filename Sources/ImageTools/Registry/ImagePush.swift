import ContentStore
import HostSystem
import ImageModel

/// An image of the content store on its way to a repository: all that its manifest names, then the manifest under its
/// digest. Tags are no part of it; until one is put nobody sees the image.
struct ImagePush: Sendable {
  /// Bytes of blobs by what became of them.
  struct Balance: Hashable, Sendable {
    var sent = 0
    var mounted = 0
    var present = 0
  }

  static let mediaType = "application/vnd.docker.distribution.manifest.v2+json"

  let client: RegistryClient
  let store: ImageLayout

  /// - Parameters:
  ///   - sources: repositories of the same registry that may have the layers, the likeliest first.
  ///   - progress: told how many more bytes the registry has.
  /// - Throws: as `BlobUpload.run`.
  func run(
    _ image: StoredImage, to reference: ImageReference, mounting sources: [String] = [],
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Balance {
    let blobs = Dictionary(
      [(image.config, image.configSize)] + image.layers.map { ($0.blob, $0.size) },
      uniquingKeysWith: { first, _ in first })
    let balance = try await withThrowingTaskGroup(of: (BlobUpload.Outcome, Int).self) { group in
      for (digest, size) in blobs {
        group.addTask {
          let file = try open(digest, size)
          // A config is small, and no other repository has it.
          let others = digest == image.config ? [] : sources
          return (try await client.push(digest, from: file, to: reference, mounting: others, progress: progress), size)
        }
      }
      return try await group.reduce(into: Balance()) { balance, blob in
        switch blob.0 {
        case .sent: balance.sent += blob.1
        case .mounted: balance.mounted += blob.1
        case .present: balance.present += blob.1
        }
      }
    }
    if try await client.manifest("\(image.manifest)", of: reference, scope: .push(mounting: [])) == nil {
      try await put(image, as: "\(image.manifest)", of: reference)
    }
    return balance
  }

  /// Lets a tag lead to an image that was pushed.
  func put(_ image: StoredImage, as name: String, of reference: ImageReference) async throws {
    try await client.put(try store.contents(ofBlob: image.manifest), Self.mediaType, as: name, of: reference)
  }

  private func open(_ digest: Digest, _ size: Int) throws -> any RandomAccessFile {
    let file = try store.openAnywhere(blob: digest)
    guard file.size == size else {
      throw Failure("\(digest) in the content store is damaged", help: "run `coppice verify`, then build again")
    }
    return file
  }
}
