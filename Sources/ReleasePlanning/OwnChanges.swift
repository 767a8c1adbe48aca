package import ImageModel

/// What a plan's own application has made already, which is no movement.
package struct OwnChanges: Hashable, Sendable {
  /// What the lockfile recorded of its builds.
  package var records: [ArtifactID: Digest]
  /// Where its release lets names lead.
  package var switches: [NameAtPlace: Digest?]

  package struct NameAtPlace: Hashable, Sendable {
    package var destination: String
    package var name: String

    package init(_ name: String, at destination: String) {
      self.destination = destination
      self.name = name
    }
  }

  package init(records: [ArtifactID: Digest] = [:], switches: [NameAtPlace: Digest?] = [:]) {
    self.records = records
    self.switches = switches
  }
}
