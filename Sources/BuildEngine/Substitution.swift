package import BuildRecords
internal import DependencyGraph
package import ImageModel

/// Gets what is recorded and only missing here from where it is published, so that nobody makes it again.
package struct Substitution: Sendable {
  /// Brings outputs into the store, where their fingerprints lead to them then.
  /// - Returns: those that were got; the others have to be made.
  package let fetch: @Sendable ([ArtifactID: BuildRecord]) async throws -> Set<ArtifactID>

  package init(fetch: @escaping @Sendable ([ArtifactID: BuildRecord]) async throws -> Set<ArtifactID>) {
    self.fetch = fetch
  }

  /// Fetches until nothing more is to be had: first what nothing else that is missing is made of, since what that is made of
  /// need not come then.
  /// - Parameter plan: says anew what is to be done.
  func settle(
    _ plan: inout BuildPlan, _ ledger: Ledger, _ graph: BuildGraph, planning: () throws -> BuildPlan
  ) async throws {
    var tried = Set<ArtifactID>()
    while true {
      try Task.checkCancellation()
      let lost = plan.onlyLost.filter { id in
        !tried.contains(id) && plan[id]?.isRestorable == false && ledger[id]?.output.isAssumed == false
      }
      let wanted = lost.filter { id in !graph.dependents(of: id).contains(where: lost.contains) }
      if wanted.isEmpty { return }
      tried.formUnion(wanted)
      var records: [ArtifactID: BuildRecord] = [:]
      for id in wanted { records[id] = ledger[id] }
      if try await !fetch(records).isEmpty { plan = try planning() }
    }
  }
}

extension BuildPlan {
  /// What is stale for no other reason than that its output, or an upstream's, is not on this machine.
  package var onlyLost: Set<ArtifactID> {
    stale.reduce(into: []) { lost, step in
      let isLost = step.staleness.reasons.allSatisfy { reason in
        switch reason {
        case .outputMissing, .outputDamaged: true
        case .upstreamWillRebuild(let id): lost.contains(id)
        default: false
        }
      }
      if isLost { lost.insert(step.id) }
    }
  }
}
