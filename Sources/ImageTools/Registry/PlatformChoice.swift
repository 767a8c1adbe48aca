import ImageModel
import JSONText

/// Chooses an image from an index.
struct PlatformChoice {
  let platform: Platform

  /// - Returns: the manifest's digest; nil when the index has none for the platform.
  func digest(in index: JSONValue) -> Digest? {
    let candidates = (index["manifests"]?.array ?? []).filter { entry in
      // Attestations bear an unknown platform.
      entry["platform"]?["os"]?.string == platform.os
        && entry["platform"]?["architecture"]?.string == platform.architecture
    }
    let best = candidates.enumerated().min { rank($0.element, $0.offset) < rank($1.element, $1.offset) }?.element
    guard let best, platform.variant == nil || variant(best) == platform.variant else { return nil }
    return best["digest"]?.string.flatMap { Digest($0) }
  }

  /// What the index offers, for a message.
  func offered(in index: JSONValue) -> [String] {
    (index["manifests"]?.array ?? []).compactMap { entry in
      guard let os = entry["platform"]?["os"]?.string, os != "unknown",
        let architecture = entry["platform"]?["architecture"]?.string
      else { return nil }
      return Platform(os: os, architecture: architecture, variant: variant(entry)).description
    }
  }

  private func variant(_ entry: JSONValue) -> String? { entry["platform"]?["variant"]?.string }

  /// The variant that was asked for, else the usual one, else the first.
  private func rank(_ entry: JSONValue, _ offset: Int) -> (Int, Int) {
    let usual = ["arm64": "v8", "arm": "v7"][platform.architecture]
    let variant = variant(entry)
    if variant == platform.variant { return (0, offset) }
    return (variant == usual || variant == nil ? 1 : 2, offset)
  }
}
