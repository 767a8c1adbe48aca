package import BuildRecords
internal import DependencyGraph
package import ImageModel

/// What the journal tells of how long steps take.
package struct Durations: Sendable {
  private var seconds: [ArtifactID: Double] = [:]

  private static let outcomes: Set = [StepOutcome.built.rawValue, StepOutcome.unchanged.rawValue]

  /// The last run of each step that did the work.
  package init(_ entries: [JournalEntry]) {
    for entry in entries where Self.outcomes.contains(entry.outcome) {
      seconds[entry.id] = Double(entry.milliseconds) / 1000
    }
  }

  /// Of these steps; a journal that cannot be read tells nothing.
  package init(of steps: [ArtifactID], in journal: Journal) {
    self.init((try? journal.newest(of: steps, outcomes: Self.outcomes)) ?? [])
  }

  package subscript(id: ArtifactID) -> Duration? { seconds[id].map { .seconds($0) } }

  /// For each step the expected seconds from its start to the end of all that follows from it.
  func criticalPaths(_ steps: [ArtifactID], dependents: (ArtifactID) -> [ArtifactID]) -> [ArtifactID: Double] {
    // A step that never ran is taken for an average one.
    let unknown = seconds.isEmpty ? 1 : seconds.values.reduce(0, +) / Double(seconds.count)
    var paths: [ArtifactID: Double] = [:]
    for id in steps.reversed() {
      let rest = dependents(id).compactMap { paths[$0] }.max() ?? 0
      paths[id] = (seconds[id] ?? unknown) + rest
    }
    return paths
  }

  /// Expected time of all steps on `jobs` workers: no less than the longest path, nor than the sum over the workers.
  func expected(_ steps: [ArtifactID], paths: [ArtifactID: Double], jobs: Int) -> Duration? {
    let known = steps.compactMap { seconds[$0] }
    guard !known.isEmpty, known.count == steps.count else { return nil }
    return .seconds(max(paths.values.max() ?? 0, known.reduce(0, +) / Double(max(jobs, 1))))
  }
}
