package import HostSystem
internal import ImageModel
internal import JSONText

/// What an archive may hold at most: they come from engines, and from anywhere.
package struct ArchiveLimits: Sendable {
  /// Bytes of all names and small documents together, which are kept in memory.
  package var documents = 64 << 20
  package var document = 16 << 20
  /// Bytes of one layer, decompressed.
  package var layer = 1 << 40
  /// Bytes of the listing of one layer.
  package var listing = 1 << 29
  /// Bytes of the holes of all sparse files of one layer.
  package var holes = 1 << 36

  package init() {}
}

extension ImageLayout {
  /// Stores the one image of a docker-archive or OCI archive that is read once, from front to back.
  ///
  /// The config's bytes are kept. Layers that are there already are only hashed; nothing is extracted.
  /// - Throws: `Failure`; the store is as before then, but for layers that came whole.
  package func importArchive(
    _ reader: any ByteReader, limits: ArchiveLimits = ArchiveLimits()
  ) throws -> StoredImage {
    try inStore {
      try prepare()
      var archive = ArchiveImport(store: self, limits: limits)
      try archive.read(reader)
      return try archive.image()
    }
  }
}

private struct ArchiveImport {
  let store: ImageLayout
  let limits: ArchiveLimits
  /// By path in the archive, as everything below.
  private var documents: [String: [UInt8]] = [:]
  private var layers: [String: StoredLayer] = [:]
  private var links: [String: String] = [:]
  /// What could not be taken, and why: an error only when the image needs it.
  private var refused: [String: String] = [:]
  private var bytesKept = 0

  init(store: ImageLayout, limits: ArchiveLimits) {
    self.store = store
    self.limits = limits
  }

  // MARK: reading

  mutating func read(_ reader: any ByteReader) throws {
    let archive = TarReader(reader, name: "image archive")
    while let entry = try archive.next() {
      let path = FilePath(bytes: LayerListing.normalized(entry.path)).normalized
      let name = path.description
      guard path.text != nil else { continue }
      switch entry.kind {
      case .file: try add(name, archive, size: entry.size)
      case .symbolicLink: try link(name, to: path.parent / FilePath(bytes: entry.link))
      case .hardLink: try link(name, to: FilePath(bytes: LayerListing.normalized(entry.link)))
      default: break
      }
    }
    // The writer must not find its pipe closed.
    try reader.drain()
  }

  private mutating func link(_ name: String, to target: FilePath) throws {
    try keep(name, target.bytes.count)
    links[name] = target.normalized.description
  }

  private mutating func keep(_ name: String, _ count: Int) throws {
    bytesKept += name.utf8.count + count + 64
    guard bytesKept <= limits.documents else {
      throw Failure("image archive: over \(limits.documents) bytes of names and documents", help: "is it an image?")
    }
  }

  private mutating func add(_ name: String, _ archive: TarReader, size: Int) throws {
    let content = BufferedReader(archive, size: 1 << 16)
    let start = try content.peek(TarHeader.size)
    let intake = LayerIntake(store: store, limits: limits)
    let label = "image archive, layer `\(name.printable)`"
    (documents[name], layers[name], links[name], refused[name]) = (nil, nil, nil, nil)
    let promised = Self.digest(inName: name)
    if let compression = LayerCompression(magic: start), !start.isEmpty {
      try keep(name, 0)
      layers[name] =
        switch compression {
        case .gzip: try intake.store(gzip: content, promised: promised, name: label)
        case .zstd: try intake.store(zstd: content, promised: promised, name: label)
        case .none:
          if let promised {
            try intake.store(tar: content, promised: promised, name: label)
          } else {
            try intake.store(tar: content, name: label)
          }
        }
    } else if size <= limits.document {
      try keep(name, size)
      documents[name] = try content.allBytes(limit: limits.document, name: "image archive, `\(name)`")
    } else {
      try keep(name, 0)
      refused[name] = "is neither a layer nor a document"
    }
  }

  /// The digest in `HEX.tar` and `blobs/sha256/HEX`; the directories `HEX/layer.tar` of old docker are other ids.
  private static func digest(inName name: String) -> Digest? {
    if name.hasPrefix("blobs/sha256/") { return Digest(hex: name.dropFirst(13)) }
    return name.hasSuffix(".tar") ? Digest(hex: name.dropLast(4)) : nil
  }

  // MARK: putting together

  func image() throws -> StoredImage {
    let (configName, layerNames) = try manifest()
    let config = try ImageConfig(try document(configName, "config"))
    let stem = configName.hasSuffix(".json") ? configName.dropLast(5) : configName[...]
    if let named = Digest(hex: stem.split(separator: "/").last ?? ""), named != config.digest {
      throw fault("the config `\(configName)` has the digest \(config.digest)")
    }
    guard layerNames.count == config.diffIDs.count else {
      throw fault("it has \(layerNames.count) layers, its config names \(config.diffIDs.count)")
    }
    let layers = try zip(layerNames, config.diffIDs).map { name, diffID in
      let layer = try layer(name)
      guard layer.diffID == diffID else {
        throw fault("the layer `\(name)` is \(layer.diffID), the config says \(diffID)")
      }
      return layer
    }
    return try store.assemble(config, layers: layers)
  }

  /// Config and layers as paths: from docker's `manifest.json`, else from OCI's `index.json`.
  private func manifest() throws -> (config: String, layers: [String]) {
    if resolve("manifest.json") != nil {
      let manifest = try json("manifest.json", "list of images")
      guard let images = manifest.array, images.count == 1 else {
        throw fault("it holds \(manifest.array?.count ?? 0) images instead of one")
      }
      guard let config = images[0]["Config"]?.string, let layers = Self.names(images[0]["Layers"]) else {
        throw fault("its manifest.json is not docker's")
      }
      return (Self.normalized(config), layers.map(Self.normalized))
    }
    guard resolve("index.json") != nil else {
      throw fault("it has neither manifest.json nor index.json")
    }
    return try manifest(inIndex: try json("index.json", "index"), depth: 4)
  }

  private func manifest(inIndex index: JSONValue, depth: Int) throws -> (config: String, layers: [String]) {
    // Attestations bear an unknown platform.
    let images = (index["manifests"]?.array ?? []).filter { $0["platform"]?["os"]?.string != "unknown" }
    guard images.count == 1, depth > 0 else { throw fault("it holds \(images.count) images instead of one") }
    let manifest = try json(try Self.path(images[0]), "manifest")
    if manifest["manifests"] != nil { return try self.manifest(inIndex: manifest, depth: depth - 1) }
    guard let config = manifest["config"], let layers = manifest["layers"]?.array else {
      throw fault("its manifest is not an image's")
    }
    return (try Self.path(config), try layers.map(Self.path))
  }

  private static func path(_ descriptor: JSONValue) throws -> String {
    guard let digest = descriptor["digest"]?.string.flatMap({ Digest($0) }) else {
      let fault = descriptor["digest"]?.string.map { Digest.fault($0) } ?? "a descriptor has no digest"
      throw Failure("image archive: \(fault.printable)", help: "make the archive again, with SHA-256 digests")
    }
    return "blobs/sha256/" + digest.hex
  }

  private static func names(_ value: JSONValue?) -> [String]? {
    value == nil || value?.isNull == true ? [] : value?.strings
  }

  private static func normalized(_ name: String) -> String {
    FilePath(bytes: LayerListing.normalized(Array(name.utf8))).normalized.description
  }

  /// The path of the file that a name leads to, links followed; nil when there is none.
  private func resolve(_ name: String) -> String? {
    var name = name
    for _ in 0..<16 {
      guard let target = links[name] else { break }
      name = target
    }
    return documents[name] != nil || layers[name] != nil || refused[name] != nil ? name : nil
  }

  private func document(_ name: String, _ what: String) throws -> [UInt8] {
    guard let path = resolve(name) else { throw fault("its \(what) `\(name)` is missing") }
    guard let bytes = documents[path] else { throw fault("its \(what) `\(name)` \(refused[path] ?? "is a layer")") }
    if path.hasPrefix("blobs/sha256/"), Digest(hex: path.dropFirst(13)) != Digest.sha256(bytes) {
      throw fault("its \(what) `\(name)` does not have that digest")
    }
    return bytes
  }

  private func layer(_ name: String) throws -> StoredLayer {
    guard let path = resolve(name) else { throw fault("the layer `\(name)` is missing") }
    guard let layer = layers[path] else {
      throw fault("the layer `\(name)` \(refused[path] ?? "is not a tar archive")")
    }
    return layer
  }

  private func json(_ name: String, _ what: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: try document(name, what))
    } catch let error as JSONFault {
      throw fault("its \(what) `\(name)` is not JSON: \(error)")
    }
  }

  private func fault(_ message: String) -> Failure {
    Failure(
      "image archive: \(message.printable)", help: "the archive is cut off, damaged or not of one image; make it again")
  }
}
