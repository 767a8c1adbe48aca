package import BuildRecords
internal import DependencyGraph
package import ImageModel

/// Compares a tree with its records; changes nothing.
package struct BuildPlanner: Sendable {
  package let evaluator: StepEvaluator
  /// Whether outputs count as needed by steps that run only if their upstreams come out another: to build is to be ready
  /// for that, to ask is not.
  private let isForBuild: Bool

  package init(evaluator: StepEvaluator, isForBuild: Bool = false) {
    self.evaluator = evaluator
    self.isForBuild = isForBuild
  }

  /// - Parameters:
  ///   - forced: artifacts that must run, and why.
  ///   - index: gets what had to be looked at.
  ///   - files: of steps that were looked at before in this run; others are added.
  /// - Throws: `Failure`, `FileSystemError`.
  package func plan(
    selected: Set<ArtifactID>, lockfile: Lockfile, index: inout FileIndex, forced: [ArtifactID: String] = [:],
    files: inout [ArtifactID: StepFiles]
  ) throws -> BuildPlan {
    let closure = evaluator.graph.upstream(of: selected)
    let order = evaluator.graph.order.filter(closure.contains)
    var plan = BuildPlan(order: order, steps: [:], selected: selected)
    let unknown = order.filter { files[$0] == nil }.compactMap { id in
      evaluator.recipe(of: id, record: lockfile.records[id], pins: lockfile.pins).map { (id, $0) }
    }
    files.merge(try evaluator.reader.look(at: unknown, index: &index, now: evaluator.now)) { _, new in new }
    for id in order { plan.diagnostics += files[id]?.snapshot?.diagnostics ?? [] }
    let intact = KnownOutputs(evaluator: evaluator).intact(among: order, lockfile, index: &index)
    // A missing output matters when a step that may run needs it, which is known only after a pass.
    var need = Need()
    while true {
      plan.steps = try pass(order, selected, need, lockfile, forced, files, intact)
      let before = need
      for step in plan.steps.values where step.mayRun && (isForBuild || !step.staleness.isUncertain) {
        need.add(step, uses: evaluator.graph.uses(of: step.id), isIntact: intact.contains(step.id))
      }
      if need == before { break }
    }
    return plan
  }

  /// Whose output must be there for others.
  private struct Need: Equatable {
    /// By steps that run.
    var certain = Set<ArtifactID>()
    /// By steps that run or do not, as their upstreams come out.
    var possible = Set<ArtifactID>()

    mutating func add(_ step: BuildPlan.Step, uses: [ArtifactID], isIntact: Bool) {
      // Even if its upstreams come out the same it must be made, when somebody needs what is lost.
      let mayRunAllTheSame = !isIntact && possible.contains(step.id)
      for upstream in uses {
        // A step that runs only if this upstream is made anew finds it made.
        if step.staleness.reasons == [.upstreamWillRebuild(upstream)], !mayRunAllTheSame { continue }
        if step.staleness.isUncertain { possible.insert(upstream) } else { certain.insert(upstream) }
      }
    }
  }

  /// An output that was only assumed and is now made from the same inputs is what its dependents assumed: they stay.
  private func assumed(_ record: BuildRecord?, _ verdict: StepEvaluator.Verdict) -> ArtifactOutput? {
    guard let record, record.output.isAssumed, verdict.reasons.isOutputLost else { return nil }
    return record.output
  }

  private func pass(
    _ order: [ArtifactID], _ selected: Set<ArtifactID>, _ need: Need, _ lockfile: Lockfile,
    _ forced: [ArtifactID: String], _ files: [ArtifactID: StepFiles], _ intact: Set<ArtifactID>
  ) throws -> [ArtifactID: BuildPlan.Step] {
    var steps: [ArtifactID: BuildPlan.Step] = [:]
    var outputs: [ArtifactID: ArtifactOutput] = [:]
    for id in order {
      let uses = evaluator.graph.uses(of: id)
      // What is perhaps made anew anyway is not called missing because it is perhaps needed.
      let isNeeded =
        need.certain.contains(id) || need.possible.contains(id) && uses.allSatisfy { outputs[$0] != nil }
      let verdict = try evaluator.verdict(
        of: id, files[id] ?? StepFiles(ContextSnapshot()),
        StepEvaluator.Knowledge(
          record: lockfile.records[id],
          outputs: Dictionary(uniqueKeysWithValues: uses.compactMap { use in outputs[use].map { (use, $0) } }),
          pins: lockfile.pins, forced: forced[id], isOutputNeeded: selected.contains(id) || isNeeded,
          mayBeAssumed: !isNeeded, isIntact: intact.contains(id)))
      outputs[id] = verdict.output ?? assumed(lockfile.records[id], verdict)
      steps[id] = BuildPlan.Step(
        id: id, staleness: verdict.reasons.isEmpty ? .current : .stale(verdict.reasons), inputs: verdict.inputs,
        fingerprint: verdict.fingerprint, output: verdict.output, isRestorable: verdict.isRestorable,
        isNeeded: need.certain.contains(id) || need.possible.contains(id))
    }
    return steps
  }
}
