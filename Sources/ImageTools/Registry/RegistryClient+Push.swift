import HostSystem
import ImageModel
import ContentStore

/// What a name in a registry leads to.
struct RemoteManifest: Hashable, Sendable {
  var digest: Digest
  var mediaType: String
}

extension RegistryClient {
  /// What a tag, or a digest, leads to; nil when the registry has no such thing. One HEAD, where the registry knows that.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  func manifest(
    _ name: String, of reference: ImageReference, scope: RegistryScope = .pull
  ) async throws -> RemoteManifest? {
    var session = session(reference, scope: scope)
    let head = try await session.ask("HEAD", "manifests/\(name)", accept: Self.types)
    if head.status == 404 { return nil }
    if head.status == 200, let digest = head["docker-content-digest"].flatMap({ Digest($0) }) {
      return RemoteManifest(digest: digest, mediaType: head.mediaType)
    }
    guard head.status == 200 || Self.withoutHead.contains(head.status) else {
      throw RegistryError(head, about: reference)
    }
    let answer = try await session.ask("GET", "manifests/\(name)", accept: Self.types)
    if answer.status == 404 { return nil }
    guard answer.status == 200 else { throw RegistryError(answer, about: reference) }
    return RemoteManifest(digest: .sha256(answer.body), mediaType: answer.mediaType)
  }

  /// The bytes of a manifest, verified, and their type.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  func document(_ digest: Digest, of reference: ImageReference) async throws -> (bytes: [UInt8], mediaType: String) {
    var session = session(reference)
    let answer = try await session.bytes(
      "manifests/\(digest)", digest: digest, accept: Self.types, limit: ManifestDocument.limit)
    return (answer.body, answer.mediaType)
  }

  /// Whether a repository has a blob; one that may not be read has none.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  func has(_ digest: Digest, in reference: ImageReference) async throws -> Bool {
    var session = session(reference)
    return try await session.ask("HEAD", "blobs/\(digest)").status == 200
  }

  /// Puts a manifest under its digest or a tag, with exactly these bytes.
  /// - Returns: whether the registry itself remembers to what the manifest refers.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  @discardableResult func put(
    _ manifest: [UInt8], _ mediaType: String, as name: String, of reference: ImageReference
  ) async throws -> Bool {
    var session = session(reference, scope: .push(mounting: []))
    let digest = Digest.sha256(manifest)
    let answer = try await session.answer { endpoint in
      var request = HTTPRequest("PUT", endpoint.url("manifests/\(name)"))
      request.headers = [("Content-Type", mediaType)]
      request.body = .bytes(manifest)
      return request
    }
    let named = answer["docker-content-digest"].flatMap { Digest($0) }
    // Pages that stand in everybody's way answer 200 to all.
    guard answer.status == 201 || answer.status == 200 && named == digest else {
      throw RegistryError(answer, about: reference)
    }
    if let named, named != digest {
      throw RegistryError(
        malformed: "it took the manifest \(digest.short) for \(named.short)", about: reference, help: nil)
    }
    return answer["oci-subject"] != nil
  }

  /// Takes a tag away.
  /// - Returns: false when the registry does not do that.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  func remove(_ tag: String, of reference: ImageReference) async throws -> Bool {
    var session = session(reference, scope: .push(mounting: []))
    let answer = try await session.answer { HTTPRequest("DELETE", $0.url("manifests/\(tag)")) }
    switch answer.status {
    case 200..<300, 404: return true
    case 400, 403, 405, 501: return false
    default: throw RegistryError(answer, about: reference)
    }
  }

  /// Sends a blob, unless the repository has it.
  /// - Parameter sources: repositories of the same registry that may have it, the likeliest first.
  /// - Throws: as `BlobUpload.run`.
  func push(
    _ digest: Digest, from file: any RandomAccessFile, to reference: ImageReference, mounting sources: [String] = [],
    pieceSize: Int? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> BlobUpload.Outcome {
    let others = sources.filter { $0 != reference.effectiveRepository }
    var session = session(reference, scope: .push(mounting: others))
    var upload = BlobUpload(digest: digest, file: file, pause: pause, progress: progress)
    if let pieceSize { upload.pieceSize = pieceSize }
    return try await upload.run(&session, mounting: others)
  }
}
