package import BuildRecords
package import ImageModel

/// What a build would do: a verdict for every artifact that was asked for and everything that it is made from.
package struct BuildPlan: Sendable {
  package struct Step: Sendable {
    package var id: ArtifactID
    package var staleness: Staleness
    /// From what is known now; an upstream that will be built may change them.
    package var inputs: StepInputs
    package var fingerprint: Fingerprint
    /// Known without running it.
    package var output: ArtifactOutput?
    /// Stale, but the store has what its fingerprint would give.
    package var isRestorable: Bool
    /// A step that may run needs its output.
    package var isNeeded: Bool

    /// Whether it has to be made, as far as is known.
    package var mayRun: Bool { staleness != .current && !isRestorable }
  }

  /// In build order.
  package var order: [ArtifactID]
  package var steps: [ArtifactID: Step]
  /// What was asked for.
  package var selected: Set<ArtifactID>
  /// Faults of contexts: nothing may be built.
  package var diagnostics: [Diagnostic] = []

  package subscript(id: ArtifactID) -> Step? { steps[id] }

  /// In build order, what is not current.
  package var stale: [Step] { order.compactMap { steps[$0] }.filter { $0.staleness != .current } }

  /// From `id` up to every root cause: each step, and after it the upstreams that make it stale.
  package func chain(from id: ArtifactID) -> [Step] {
    id.causalChain { steps[$0]?.staleness.reasons.causes ?? [] }.compactMap { steps[$0] }
  }
}
