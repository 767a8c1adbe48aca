import ContentStore
import HostSystem
import ImageModel

extension RegistryClient {
  /// Bytes that are fetched and not read yet.
  private static let ahead = 1 << 20
  /// How often a broken transfer of one blob goes on.
  private static let mostResumptions = 20

  /// An image whose layers are fetched while they are read; nothing is stored.
  ///
  /// - Parameter platform: nil for this machine's, or the only one's.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` for an image that is none, or where credentials cannot be had.
  func image(_ reference: ImageReference, platform: Platform?) async throws -> SourceImage {
    let name = "image \(reference)"
    let digest = try await manifestDigest(of: reference, platform: platform ?? .host)
    var session = session(reference)
    let document = try await document(digest, &session)
    let manifest: ImageManifest
    do throws(BlobDescriptor.Fault) {
      manifest = try document.image()
    } catch {
      throw RegistryError(malformed: "in its manifest, \(error.words)", about: reference, help: nil)
    }
    let config: [UInt8]
    if let data = manifest.config.data {
      config = data
    } else {
      let path = "blobs/\(manifest.config.digest)"
      config = try await session.bytes(path, digest: manifest.config.digest, limit: Self.configLimit).body
    }
    let image = try SourceImage(config: config, manifest: manifest, name: name) { blob in
      let pipe = BytePipe(limit: Self.ahead)
      return BlobReader(pipe) {
        let missing = blob.missingReason.map { Failure("image \(reference): its layer \($0.words)", help: $0.help) }
        try await fetch(blob.digest, size: blob.size, of: reference, into: pipe, missing: missing)
      }
    }
    try image.check(platform, name: name)
    return image
  }

  /// Writes a blob to a pipe; nobody verifies it here.
  /// - Parameters:
  ///   - start: the bytes before are not wanted.
  ///   - missing: why the registry may not have it.
  /// - Throws: `Failure`, `CancellationError`.
  func fetch(
    _ digest: Digest, size: Int?, from start: Int = 0, of reference: ImageReference, into pipe: BytePipe,
    missing: Failure? = nil
  ) async throws {
    let body = BlobBody(pipe, size: size, received: start)
    var session = session(reference)
    var resumptions = 0
    while true {
      let before = body.received
      do {
        let answer = try await session.ask("GET", "blobs/\(digest)", into: body)
        if answer.status == 404, let missing { throw missing }
        guard answer.status == 200 || answer.status == 206 else { throw RegistryError(answer, about: reference) }
        return
      } catch let error as RegistryError {
        try Task.checkCancellation()
        // The connection may break behind the last byte.
        if body.received > 0, body.isComplete { return }
        if let fault = body.fault { throw RegistryError(malformed: fault, about: reference, help: nil).failure }
        let isBroken = error.kind == .unreachable || error.kind == .busy
        guard isBroken, body.received > before, resumptions < Self.mostResumptions else { throw error.failure }
        resumptions += 1
        try await pause()
      }
    }
  }
}
