package import ImageModel

/// What every artifact was made of and what came out, as `coppice.lock` holds it.
package struct Lockfile: Hashable, Sendable {
  /// An external base on one platform.
  package struct BaseKey: Hashable, Sendable, Comparable {
    /// The canonical reference.
    package var reference: String
    package var platform: Platform

    package init(reference: String, platform: Platform) {
      self.reference = reference
      self.platform = platform
    }

    package static func < (left: Self, right: Self) -> Bool {
      (left.reference, left.platform.description) < (right.reference, right.platform.description)
    }
  }

  package var pins: [BaseKey: PinnedBase] = [:]
  package var records: [ArtifactID: BuildRecord] = [:]

  package init() {}
}
