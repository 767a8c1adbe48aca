internal import ImageModel
internal import JSONText

/// Finds an image in the `index.json` of a layout.
struct LayoutIndex<Files: ImageFiles> {
  private let files: Files
  /// Nil where any is right.
  private let wanted: Platform?

  /// How deep indexes of indexes are opened, and how many manifests and indexes in all.
  private static var deepest: Int { 4 }
  private static var mostDocuments: Int { 64 }
  private static var nameKeys: [String] { ["org.opencontainers.image.ref.name", "io.containerd.image.name"] }

  init(_ files: Files, _ platform: Platform?) { (self.files, wanted) = (files, platform) }

  func image(named name: String?) throws -> SourceImage {
    let index = try files.json("index.json", "index", limit: Files.configLimit)
    // Attestations bear an unknown platform.
    let all = (index["manifests"]?.array ?? []).filter { $0["platform"]?["os"]?.string != "unknown" }
    var chosen = all
    if let name { chosen = ImageNames(name).chosen(of: all, names: Self.names) }
    var offered: [String] = []
    for descriptor in all {
      if let name = Self.names(descriptor).first, !offered.contains(name) { offered.append(name) }
    }
    // Images of one name are for several platforms; of several names one is to be chosen.
    let names = Set(chosen.map { Self.names($0).first })
    let digests = Set(chosen.map { $0["digest"]?.string })
    guard !chosen.isEmpty, names.count == 1 || digests.count == 1 else {
      throw files.noChoice(name, among: offered, count: chosen.count)
    }
    let choices = PlatformChoices(index: ["manifests": .array(chosen)])
    guard Set(choices.unspecified.map(\.digest)).count <= 1 || choices.best(for: wanted ?? .host) != nil else {
      throw files.noChoice(name, among: offered, count: digests.count)
    }
    var search = Search(room: Self.mostDocuments)
    guard let manifest = try manifest(in: choices, depth: 1, &search) else {
      throw files.fault(
        "it has no image for \(wanted ?? .host)",
        help: choices.faults.first.map { $0.printable }
          ?? (search.offered.isEmpty ? "it has none at all" : "it has " + search.offered.joined(separator: ", ")))
    }
    let config = try files.blob(manifest.config, "config", limit: Files.configLimit)
    for layer in manifest.layers { try files.check(layer, "layer") }
    let image = try SourceImage(config: config, manifest: manifest, name: files.name) { [files] layer in
      try files.open(layer.path)
    }
    try image.check(wanted, name: files.name)
    return image
  }

  private static func names(_ descriptor: JSONValue) -> [String] {
    nameKeys.compactMap { descriptor["annotations"]?[$0]?.string }
  }

  private struct Search {
    /// Platforms of the images that were seen.
    var offered: [String] = []
    /// How many documents may still be opened.
    var room: Int
  }

  /// Nil when there is none for the platform.
  private func manifest(
    in choices: PlatformChoices, depth: Int, _ search: inout Search
  ) throws -> ImageManifest? {
    for platform in choices.offered where !search.offered.contains(platform) { search.offered.append(platform) }
    guard depth <= Self.deepest else { return nil }
    let candidates = choices.best(for: wanted ?? .host).map { [$0] } ?? choices.unspecified
    for entry in candidates {
      search.room -= 1
      guard search.room >= 0 else { throw files.fault("its indexes name too many indexes") }
      let descriptor = entry.descriptor
      let bytes = try files.blob(descriptor, "manifest", limit: Files.manifestLimit)
      let document: ManifestDocument
      do {
        document = try ManifestDocument(bytes, mediaType: descriptor.mediaType ?? "")
      } catch {
        throw files.fault("in the place of its manifest \(descriptor.digest.short)…, \(error.words)")
      }
      switch document.content {
      case .index(let inner):
        if let found = try manifest(in: inner, depth: depth + 1, &search) { return found }
      case .image:
        do throws(BlobDescriptor.Fault) {
          return try document.image()
        } catch {
          throw files.fault("its manifest \(descriptor.digest.short)… is not valid: \(error.words)")
        }
      }
    }
    return nil
  }
}
