package import ImageModel

/// Compares what was built with what destinations hold; pure.
package enum ReleasePlanner {
  /// What one artifact is on our side.
  package struct Candidate: Sendable {
    package var artifact: ArtifactID
    package var names: [String]
    package var staleness: Staleness
    /// As recorded; nil when it was never built.
    package var output: Digest?
    /// What its names would lead to; nil when it must be built first.
    package var target: Digest?

    package init(
      artifact: ArtifactID, names: [String], staleness: Staleness, output: Digest?, target: Digest?
    ) {
      self.artifact = artifact
      self.names = names
      self.staleness = staleness
      self.output = output
      self.target = target
    }
  }

  /// - Parameter last: what the names led to after the last release that named them.
  package static func line(
    _ candidate: Candidate, at destination: String, seen: [String: PublishedVersion], last: [String: Digest]
  ) -> ReleaseLine {
    let own = seen.filter { candidate.names.contains($0.key) }
    var line = ReleaseLine(
      artifact: candidate.artifact, destination: destination, names: candidate.names, change: .unchanged,
      reasons: candidate.staleness.reasons, seen: own.mapValues(\.digest),
      target: candidate.staleness == .current ? candidate.target : nil)
    line.moved = candidate.names.filter { name in
      guard let last = last[name], let now = seen[name] else { return false }
      return now.digest != last && now.digest != candidate.target && now.output != candidate.output
    }
    if candidate.staleness != .current {
      line.change = own.isEmpty ? .new : candidate.staleness.isUncertain ? .uncertain : .changed
    } else if own.isEmpty {
      line.change = .new
    } else if candidate.names.contains(where: { !leads(seen[$0], to: candidate) }) {
      line.change = .changed
    } else {
      // It may be wrapped in another way, which is no reason to move a name.
      line.target = nil
    }
    return line
  }

  /// Of a destination that could not be asked.
  package static func unknown(_ candidate: Candidate, at destination: String) -> ReleaseLine {
    ReleaseLine(
      artifact: candidate.artifact, destination: destination, names: candidate.names, change: .unknown,
      reasons: candidate.staleness.reasons, seen: [:])
  }

  /// What earlier releases have published at a destination under names that nobody makes any more.
  package static func retired(
    _ last: [String: (artifact: ArtifactID, digest: Digest)], at destination: String, known: Set<String>,
    seen: [String: PublishedVersion]
  ) -> [ReleaseLine] {
    let names = last.filter { !known.contains($0.key) && seen[$0.key] != nil }
    return Dictionary(grouping: names, by: \.value.artifact).map { artifact, names in
      let names = names.map(\.key).sorted()
      return ReleaseLine(
        artifact: artifact, destination: destination, names: names, change: .retired, reasons: [],
        seen: seen.filter { names.contains($0.key) }.mapValues(\.digest))
    }.sorted { $0.artifact < $1.artifact }
  }

  private static func leads(_ version: PublishedVersion?, to candidate: Candidate) -> Bool {
    guard let version else { return false }
    return version.digest == candidate.target || version.output != nil && version.output == candidate.output
  }
}
