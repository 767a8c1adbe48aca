package import ImageModel

/// What a release would do with one artifact at one destination.
package struct ReleaseLine: Hashable, Sendable {
  package enum Change: String, Hashable, Sendable, CaseIterable {
    case new, changed
    /// It depends on a build to come.
    case uncertain = "may"
    case unchanged
    /// An earlier release has published it, and no definition makes it any more; it stays.
    case retired
    /// Its destination could not be asked.
    case unknown
  }

  package var artifact: ArtifactID
  package var destination: String
  package var names: [String]
  package var change: Change
  /// Why it must be built first; empty when it is built.
  package var reasons: [StaleReason]
  /// What each name led to when the plan was made.
  package var seen: [String: Digest]
  /// What the names will lead to; nil when it must be built first.
  package var target: Digest?
  /// Names that somebody else has moved since the last release.
  package var moved: [String] = []
  /// Bytes to send; nil where nobody asked.
  package var bytes: Int?
  /// Of what must be built first: what the last one had as a whole, and so no less than is to be sent.
  package var laterBytes: Int?

  package var needsBuild: Bool { !reasons.isEmpty }
  package var isWork: Bool { [.new, .changed, .uncertain].contains(change) }
  package var key: ReleasePlan.Line.Key { .init(artifact: artifact, destination: destination) }

  /// Names that do not lead there yet.
  package var switches: [NameSwitch] {
    guard let target, change == .new || change == .changed else { return [] }
    return names.filter { seen[$0] != target }.map { NameSwitch($0, from: seen[$0], to: target) }
  }
}
