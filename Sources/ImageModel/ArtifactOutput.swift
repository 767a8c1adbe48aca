/// What came out of a step.
package struct ArtifactOutput: Hashable, Sendable {
  /// What dependents see: the config digest of an image, the SHA-256 of a file.
  package var digest: Digest
  /// Equal for outputs that differ in times only (the churn guard); nil where that makes no sense.
  package var content: Digest?
  /// The manifest in the content store, for images.
  package var manifest: Digest?
  /// The entry of the content store's `index.json`, for images: what `skopeo inspect oci:…` calls the digest.
  package var index: Digest?
  /// Bytes as stored.
  package var size: Int
  /// Recorded by `build --touch` without being built: never published, converted or put into the fingerprint map.
  package var isAssumed: Bool

  package init(
    digest: Digest, content: Digest? = nil, manifest: Digest? = nil, index: Digest? = nil, size: Int = 0,
    isAssumed: Bool = false
  ) {
    self.digest = digest
    self.content = content
    self.manifest = manifest
    self.index = index
    self.size = size
    self.isAssumed = isAssumed
  }
}

/// Whether a recorded output is where it should be.
package enum OutputCondition: Hashable, Sendable {
  case intact
  case missing(String)
  case damaged(String)
}

/// An external base as it is pinned in the lockfile.
package struct PinnedBase: Hashable, Sendable {
  /// The digest of the platform's manifest; for an image that only the engine has, of its config.
  package var digest: Digest
  package var isLocal: Bool
  /// What its config says that a build from it does first, `COPY . /src`; empty also where nobody could tell.
  package var onBuild: [String]
  /// Of its variables those that Dockerfiles of the tree ask for, nil for one that it does not have; one that nobody
  /// could tell, or that is nobody's business, is not among them.
  package var environment: [String: String?]

  package init(
    digest: Digest, isLocal: Bool = false, onBuild: [String] = [], environment: [String: String?] = [:]
  ) {
    self.digest = digest
    self.isLocal = isLocal
    self.onBuild = onBuild
    self.environment = environment
  }
}
