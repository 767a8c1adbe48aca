import ImageModel
import JSONText

/// What an index offers.
struct PlatformChoices: Sendable {
  struct Entry: Sendable, Hashable {
    var digest: Digest
    var platform: Platform?
    /// By its media type: an index in the index.
    var isIndex: Bool
  }

  private let entries: [Entry]
  /// What stands in the place of digests that cannot be read.
  private(set) var faults: [String] = []

  init(index: JSONValue) {
    var faults: [String] = []
    entries = (index["manifests"]?.array ?? []).compactMap { entry in
      guard let digest = entry["digest"]?.string.flatMap({ Digest($0) }) else {
        if let text = entry["digest"]?.string { faults.append(Digest.fault(text)) }
        return nil
      }
      let isIndex = ManifestDocument.indexTypes.contains(entry["mediaType"]?.string ?? "")
      guard let os = entry["platform"]?["os"]?.string, let architecture = entry["platform"]?["architecture"]?.string
      else { return Entry(digest: digest, platform: nil, isIndex: isIndex) }
      let variant = entry["platform"]?["variant"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      return Entry(
        digest: digest, platform: Platform(os: os, architecture: architecture, variant: variant), isIndex: isIndex)
    }
    self.faults = faults
  }

  /// The first of those that suit a platform best; nil when none does.
  func best(for wanted: Platform) -> Entry? {
    let ranked = entries.enumerated().compactMap { offset, entry in
      entry.platform.flatMap { Self.rank($0, for: wanted) }.map { (rank: $0, offset: offset, entry: entry) }
    }
    return ranked.min { ($0.rank, $0.offset) < ($1.rank, $1.offset) }?.entry
  }

  /// Indexes that do not say what is in them.
  var nested: [Digest] { entries.filter { $0.isIndex && $0.platform == nil }.map(\.digest) }

  /// For a message. Attestations bear an unknown platform.
  var offered: [String] {
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
