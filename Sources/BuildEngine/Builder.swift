package import BuildRecords
internal import DependencyGraph
package import ImageModel

/// How a build goes about it.
package struct BuildOptions: Sendable {
  /// Steps at once.
  package var jobs = 1
  /// Steps of one kind at once, where fewer than `jobs`.
  package var pools: [ArtifactKind: Int] = [:]
  /// Go on with everything that does not depend on a failure.
  package var keepsGoing = false
  /// Why the selected artifacts must run.
  package var force: String?
  /// Never ask a registry what a tag means.
  package var isLocked = false
  /// Whether nothing is made here.
  package var onlyFetches = false

  package init() {}
}

/// Runs the steps of a plan and records them: one serial owner of all state; workers get values and give results.
package struct Builder: Sendable {
  package let evaluator: StepEvaluator
  package let resolver: any BaseResolver
  package let reporter: any BuildReporter
  package let options: BuildOptions
  /// Of these steps; read only when something has to run.
  package let durations: @Sendable ([ArtifactID]) -> Durations
  /// Keeps the list of inputs of an artifact as a blob.
  package let keepInputs: @Sendable (ArtifactID, StepInputs) throws -> Void
  package let openLog: @Sendable (ArtifactID) -> (any StepLog)?
  /// The number of this build in the journal, its journal, and the time of day in seconds since 1970.
  package let number: Int
  package let journal: Journal
  package let time: @Sendable () -> Int
  /// Nil where everything is made here.
  package let substitution: Substitution?

  package init(
    evaluator: StepEvaluator, resolver: any BaseResolver, reporter: any BuildReporter, options: BuildOptions,
    durations: @escaping @Sendable ([ArtifactID]) -> Durations,
    keepInputs: @escaping @Sendable (ArtifactID, StepInputs) throws -> Void,
    openLog: @escaping @Sendable (ArtifactID) -> (any StepLog)?, number: Int, journal: Journal,
    time: @escaping @Sendable () -> Int, substitution: Substitution? = nil
  ) {
    self.evaluator = evaluator
    self.resolver = resolver
    self.reporter = reporter
    self.options = options
    self.durations = durations
    self.keepInputs = keepInputs
    self.openLog = openLog
    self.number = number
    self.journal = journal
    self.time = time
    self.substitution = substitution
  }

  /// Brings `selected` and what they are made from up to date; `ledger` and `index` get what was learned.
  /// - Throws: `InvalidInput` for faults of contexts, before anything is built; `Failure` and `FileSystemError` when
  ///   records cannot be written. A failed step does not throw: the summary tells.
  package func build(
    _ selected: Set<ArtifactID>, ledger: inout Ledger, index: inout FileIndex
  ) async throws -> BuildSummary {
    let clock = ContinuousClock()
    let start = clock.now
    var files: [ArtifactID: StepFiles] = [:]
    var forced: [ArtifactID: String] = [:]
    if let reason = options.force { for id in selected { forced[id] = reason } }
    let planner = BuildPlanner(evaluator: evaluator, isForBuild: true)
    var selected = selected
    func plan(_ ledger: Ledger, _ index: inout FileIndex) throws -> BuildPlan {
      let plan = try planner.plan(
        selected: selected, lockfile: ledger.lockfile, index: &index, forced: forced, files: &files)
      if plan.diagnostics.contains(where: { $0.severity == .error }) { throw InvalidInput(plan.diagnostics) }
      return plan
    }
    var current = try plan(ledger, &index)
    if forced.isEmpty {
      try await substitution?.settle(&current, ledger, evaluator.graph) { try plan(ledger, &index) }
    }
    if options.onlyFetches {
      // What would have to be made stays as it is.
      selected = selected.filter { current[$0]?.mayRun == false }
      current = try plan(ledger, &index)
    }
    for diagnostic in current.diagnostics { reporter.report(.note(diagnostic)) }
    let pins = ledger.lockfile.pins
    let unpinned = try await BasePinning(builder: self).pin(current, &ledger)
    try AssumedReach(builder: self).settle(&ledger, index)
    if ledger.lockfile.pins != pins {
      // A base that was pinned now may have a say in what is taken of a context.
      if ledger.lockfile.pins.values.contains(where: { !$0.onBuild.isEmpty || !$0.environment.isEmpty }) { files = [:] }
      current = try plan(ledger, &index)
    }

    var run = BuildRun(builder: self, plan: current, forced: forced, unpinned: unpinned, clock: clock)
    try await run.run(&ledger, index)
    for id in current.order {
      guard case .image(let image)? = evaluator.recipes[id], image.maxAge != nil else { continue }
      if let record = ledger[id], record.refreshed == nil, !record.output.isAssumed { ledger[id]?.refreshed = time() }
    }
    var summary = run.summary
    summary.duration = start.duration(to: clock.now)
    return summary
  }
}
