package import BuildRecords
internal import DependencyGraph
package import ImageModel

/// Records what is stale as built without building it: for trees whose images exist elsewhere already.
package struct Adoption: Sendable {
  private let evaluator: StepEvaluator
  private let keepInputs: @Sendable (ArtifactID, StepInputs) throws -> Void

  /// - Parameter keepInputs: keeps a list of inputs as a blob, so that later changes can be named.
  package init(evaluator: StepEvaluator, keepInputs: @escaping @Sendable (ArtifactID, StepInputs) throws -> Void) {
    self.evaluator = evaluator
    self.keepInputs = keepInputs
  }

  /// Needs neither engine nor network: outputs are assumed, bases stay as they are pinned or unpinned.
  /// - Returns: what was recorded, in build order.
  package func adopt(
    _ selected: Set<ArtifactID>, ledger: inout Ledger, index: inout FileIndex
  ) throws -> [ArtifactID] {
    var files: [ArtifactID: StepFiles] = [:]
    let plan = try BuildPlanner(evaluator: evaluator).plan(
      selected: selected, lockfile: ledger.lockfile, index: &index, files: &files)
    if plan.diagnostics.contains(where: { $0.severity == .error }) { throw InvalidInput(plan.diagnostics) }
    var outputs: [ArtifactID: ArtifactOutput] = [:]
    var touched: [ArtifactID] = []
    for id in plan.order {
      var used: [ArtifactID: ArtifactOutput] = [:]
      for upstream in evaluator.graph.uses(of: id) { used[upstream] = outputs[upstream] }
      let verdict = try evaluator.verdict(
        of: id, files[id] ?? StepFiles(ContextSnapshot()),
        StepEvaluator.Knowledge(
          record: ledger[id], outputs: used, pins: ledger.lockfile.pins, forced: nil,
          isOutputNeeded: false, mayBeAssumed: true), keepsList: true)
      if verdict.reasons.isEmpty, let output = ledger[id]?.output {
        outputs[id] = output
        continue
      }
      // The fingerprint stands in for the digest that nobody knows: dependents see it change when the inputs do.
      let output = verdict.output ?? ArtifactOutput(digest: verdict.fingerprint.digest, isAssumed: true)
      try keepInputs(id, verdict.inputs)
      ledger[id] = BuildRecord(
        verdict.inputs, output: output, generation: verdict.generation, refreshed: ledger[id]?.refreshed)
      outputs[id] = output
      touched.append(id)
    }
    return touched
  }
}
