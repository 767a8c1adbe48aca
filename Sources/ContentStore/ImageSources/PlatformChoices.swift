package import ImageModel
package import JSONText

/// What an index offers.
package struct PlatformChoices: Sendable {
  package struct Entry: Sendable, Hashable {
    package var descriptor: BlobDescriptor
    package var platform: Platform?
    /// By its media type: an index in the index.
    package var isIndex: Bool
    package var digest: Digest { descriptor.digest }
  }

  private let entries: [Entry]
  /// What stands in the place of digests that cannot be read.
  package private(set) var faults: [String] = []

  package init(index: JSONValue) {
    var faults: [String] = []
    entries = (index["manifests"]?.array ?? []).compactMap { entry in
      let descriptor: BlobDescriptor
      do throws(BlobDescriptor.Fault) {
        descriptor = try BlobDescriptor(entry)
      } catch {
        if entry["digest"]?.string != nil { faults.append(error.words) }
        return nil
      }
      let isIndex = ManifestDocument.indexTypes.contains(entry["mediaType"]?.string ?? "")
      guard let os = entry["platform"]?["os"]?.string, let architecture = entry["platform"]?["architecture"]?.string
      else { return Entry(descriptor: descriptor, platform: nil, isIndex: isIndex) }
      let variant = entry["platform"]?["variant"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      return Entry(
        descriptor: descriptor, platform: Platform(os: os, architecture: architecture, variant: variant),
        isIndex: isIndex)
    }
    self.faults = faults
  }

  /// The first of those that suit a platform best; nil when none does.
  package func best(for wanted: Platform) -> Entry? {
    let ranked = entries.enumerated().compactMap { offset, entry in
      entry.platform.flatMap { Self.rank($0, for: wanted) }.map { (rank: $0, offset: offset, entry: entry) }
    }
    return ranked.min { ($0.rank, $0.offset) < ($1.rank, $1.offset) }?.entry
  }

  /// Indexes that do not say what is in them.
  package var nested: [Digest] { entries.filter { $0.isIndex && $0.platform == nil }.map(\.digest) }

  /// What may be for any platform.
  package var unspecified: [Entry] { entries.filter { $0.platform == nil } }

  /// For a message. Attestations bear an unknown platform.
  package var offered: [String] {
    var seen = Set<String>()
    return entries.compactMap(\.platform).filter { $0.os != "unknown" }.map(\.description)
      .filter { seen.insert($0).inserted }
  }

  /// How well an image runs on a platform, the least is best; nil when it does not.
  ///
  /// Variants are levels: what was made for a lower one runs on a higher one. One that nobody asked for is taken where
  /// there is nothing better, since only the platform's owner knows that it would not run.
  private static func rank(_ offered: Platform, for wanted: Platform) -> Int? {
    guard offered.os == wanted.os, offered.architecture == wanted.architecture else { return nil }
    let (has, wants) = (level(offered), level(wanted))
    if offered.variant == wanted.variant { return 0 }
    guard let has, let wants else { return wanted.variant == nil ? 300 : nil }
    if has <= wants { return 1 + wants - has }
    return wanted.variant == nil ? 200 + has : nil
  }

  private static func level(_ platform: Platform) -> Int? {
    guard let variant = platform.variant else { return ["amd64": 1, "arm": 7, "arm64": 8][platform.architecture] }
    return variant.first == "v" ? UInt8(variant.dropFirst()).map { Int($0) } : nil
  }
}
