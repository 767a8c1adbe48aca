package import ImageModel

/// What the lockfile remembers of one artifact.
package struct BuildRecord: Hashable, Sendable {
  package var fingerprint: Fingerprint
  /// One digest per group of inputs but bases and upstreams, so that `explain` can name the group without the list.
  package var groups: [InputGroup: Digest]
  /// By canonical reference; nil for a base that was not pinned.
  package var bases: [String: Digest]
  package var upstreams: [ArtifactID: Digest]
  package var output: ArtifactOutput
  /// Counts the runs without the layer cache that were asked for.
  package var generation: Int
  /// When the last such run was, in seconds since 1970; kept only where `max_age` or a forced run needs it.
  package var refreshed: Int?

  package init(
    fingerprint: Fingerprint, groups: [InputGroup: Digest], bases: [String: Digest], upstreams: [ArtifactID: Digest],
    output: ArtifactOutput, generation: Int = 0, refreshed: Int? = nil
  ) {
    self.fingerprint = fingerprint
    self.groups = groups
    self.bases = bases
    self.upstreams = upstreams
    self.output = output
    self.generation = generation
    self.refreshed = refreshed
  }

  /// A record of `inputs` and what came out.
  package init(_ inputs: StepInputs, output: ArtifactOutput, generation: Int, refreshed: Int?) {
    var bases: [String: Digest] = [:]
    for input in inputs[.base] {
      bases[String(decoding: input.name, as: UTF8.self)] = Digest(String(decoding: input.value, as: UTF8.self))
    }
    var upstreams: [ArtifactID: Digest] = [:]
    for input in inputs[.upstream] {
      guard let id = ArtifactID(String(decoding: input.name, as: UTF8.self)) else { continue }
      upstreams[id] = Digest(String(decoding: input.value, as: UTF8.self))
    }
    // Bases and upstreams stand one by one.
    let groups = inputs.groupDigests.filter { $0.key != .base && $0.key != .upstream }
    self.init(
      fingerprint: inputs.fingerprint, groups: groups, bases: bases, upstreams: upstreams, output: output,
      generation: generation, refreshed: refreshed)
  }
}
