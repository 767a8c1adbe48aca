package import HostSystem
package import ImageModel

/// The content store: an OCI image layout, with what coppice knows of its blobs below `coppice/`.
///
/// Blobs never change and are written without a lock; records and names are swapped in whole. What is derived (layer
/// records, listings, contents, fingerprints) may be lost without harm.
package struct ImageLayout: Sendable {
  package let root: FilePath
  package let files: any FileSystem

  package init(root: FilePath, files: any FileSystem) {
    self.root = root
    self.files = files
  }

  /// Makes what is missing of the layout.
  package func prepare() throws {
    try inStore {
      for directory in [blobs, temporary] { try files.createDirectory(directory) }
      if try files.statusIfPresent(of: root / "oci-layout") == nil {
        try files.replace(root / "oci-layout", with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), mode: 0o644)
      }
      if try !isIndexReadable() { try locked { try startIndex() } }
    }
  }

  /// Whether `prepare` would find everything.
  package func isPrepared() throws -> Bool {
    try inStore {
      for directory in [blobs, temporary] {
        guard try files.statusIfPresent(of: directory, followingLinks: true)?.kind == .directory else { return false }
      }
      return try files.statusIfPresent(of: root / "oci-layout") != nil && isIndexReadable()
    }
  }

  package func path(ofBlob digest: Digest) -> FilePath { blobs / FilePath(digest.hex) }

  var blobs: FilePath { root / "blobs/sha256" }
  var indexPath: FilePath { root / "index.json" }
  /// Files being written; on the same file system as the blobs, so that they can be renamed.
  package var temporary: FilePath { root / "coppice/temporary" }
  var damaged: FilePath { root / "coppice/damaged" }
  /// diff_id → `LayerRecord`
  var layerRecords: FilePath { root / "coppice/layers" }
  /// diff_id → `LayerIndex`
  var layerIndexes: FilePath { root / "coppice/entries" }
  /// Config digest → `StoredImage`
  var imageRecords: FilePath { root / "coppice/images" }
  /// SIF → `StoredSIF`
  var sifRecords: FilePath { root / "coppice/sifs" }
  /// First file of a VM image → `StoredMachine`
  var machineRecords: FilePath { root / "coppice/machines" }
  /// Content digest → config digest of an image, or digest of a file, with that content
  var contentRecords: FilePath { root / "coppice/contents" }
  var fingerprints: FilePath { root / "coppice/fingerprints" }
  /// List of inputs → what is known beside it
  var details: FilePath { root / "coppice/details" }
  /// SIF → where the contents of files lie in it
  var blockMaps: FilePath { root / "coppice/blocks" }
  /// Form and lower layers → a SIF of an image that has them
  var sifLinks: FilePath { root / "coppice/chains" }
  var repositoryRoots: FilePath { root / "coppice/roots" }

  /// For what is written beside its place; no person chooses such a name.
  var temporaryName: FilePath { FilePath(".coppice-" + String(UInt64.random(in: 1 << 40...UInt64.max), radix: 36)) }

  /// Replaces a small file as a whole, with its directory.
  func write(_ path: FilePath, _ bytes: [UInt8]) throws {
    try files.createDirectory(path.parent)
    try files.replace(path, with: bytes, mode: 0o644)
  }

  /// A small file of ours; nil when it is missing or damaged.
  func checkedLines(_ path: FilePath, _ kind: String) throws -> [[String]]? {
    do {
      return try files.contentsIfPresent(of: path, limit: 64 << 20).flatMap { CheckedText.decode(kind, $0) }
    } catch {
      if error.reason == .tooLarge { return nil }
      throw error
    }
  }

  /// Runs `body` while no other coppice changes names or collects garbage.
  func locked<Value>(_ body: () throws -> Value) throws -> Value {
    try files.createDirectory(root / "coppice")
    let lock = try files.lock(root / "coppice/lock", waiting: true)
    defer { lock?.unlock() }
    return try body()
  }
}

/// The names of formats that the store writes.
enum MediaType {
  static let index = "application/vnd.oci.image.index.v1+json"
  /// Docker's, not OCI's: with the latter buildah and skopeo drop SHELL, ONBUILD and HEALTHCHECK of the config.
  static let manifest = "application/vnd.docker.distribution.manifest.v2+json"
  static let config = "application/vnd.docker.container.image.v1+json"
  static let layer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
}
