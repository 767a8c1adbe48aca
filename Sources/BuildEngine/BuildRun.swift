internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

/// One build while it goes on: the serial owner of states, outputs and records.
struct BuildRun {
  let builder: Builder
  let plan: BuildPlan
  let forced: [ArtifactID: String]
  let unpinned: [Lockfile.BaseKey: Failure]
  let clock: ContinuousClock
  var summary = BuildSummary()
  private var states: BuildStates
  private var outputs: [ArtifactID: ArtifactOutput] = [:]
  private var running: [ArtifactKind: Int] = [:]
  private var hasFailed = false
  private var lastWrite: ContinuousClock.Instant
  private var writeDuration = Duration.zero
  /// Whether entries may still be lost.
  private var isJournalAhead = false

  init(
    builder: Builder, plan: BuildPlan, forced: [ArtifactID: String], unpinned: [Lockfile.BaseKey: Failure],
    clock: ContinuousClock
  ) {
    (self.builder, self.plan, self.forced, self.unpinned, self.clock) = (builder, plan, forced, unpinned, clock)
    lastWrite = clock.now
    let graph = builder.evaluator.graph
    let steps = plan.stale.map(\.id)
    let members = Set(steps)
    let durations = steps.isEmpty ? Durations([]) : builder.durations(steps)
    let paths = durations.criticalPaths(steps) { graph.dependents(of: $0).filter(members.contains) }
    states = BuildStates(
      steps: steps, upstreams: { graph.uses(of: $0) + (graph[$0]?.orderOnly ?? []) }, priority: paths)
    for id in plan.order where !members.contains(id) { outputs[id] = plan[id]?.output }
    let planned = plan.stale.map {
      PlannedStep(
        id: $0.id, reasons: $0.staleness.reasons, expected: $0.isRestorable ? .zero : durations[$0.id])
    }
    builder.reporter.report(
      .planned(
        steps: planned, expected: durations.expected(steps, paths: paths, jobs: builder.options.jobs)))
  }

  mutating func run(_ ledger: inout Ledger, _ index: FileIndex) async throws {
    await refuse()
    do {
      try await runSteps(&ledger, index)
    } catch {
      // The lockfile, which is written whatever happens, must not name what the journal may lose.
      try? syncJournal()
      throw error
    }
    try syncJournal()
    summary.isInterrupted = summary.isInterrupted || Task.isCancelled
  }

  private mutating func runSteps(_ ledger: inout Ledger, _ index: FileIndex) async throws {
    try await withThrowingTaskGroup(of: StepExecution.End.self) { group in
      var active = 0
      while true {
        while active < builder.options.jobs, !Task.isCancelled, !hasFailed || builder.options.keepsGoing,
          let id = takeReady()
        {
          guard let execution = execution(of: id, ledger, index) else { continue }
          active += 1
          running[id.kind, default: 0] += 1
          group.addTask { await execution.run() }
        }
        guard active > 0, let finished = try await group.next() else { break }
        active -= 1
        running[finished.id.kind, default: 0] -= 1
        try settle(finished, &ledger)
      }
    }
  }

  /// What an engine cannot do is said before hours are spent on what can be done.
  private mutating func refuse() async {
    for step in plan.stale where !step.isRestorable && !step.staleness.isUncertain && states[step.id] != .blocked {
      let evaluator = builder.evaluator
      guard let recipe = evaluator.recipes[step.id],
        let refusal = await evaluator.runners[step.id.kind]?.refusal(of: recipe)
      else { continue }
      builder.reporter.report(.started(step.id, reasons: step.staleness.reasons, .run))
      finish(
        step.id,
        FailureReport(message: refusal.message, at: refusal.location, help: refusal.help, tail: [], log: nil), .zero)
    }
  }

  /// The most urgent ready step whose pool has room.
  private mutating func takeReady() -> ArtifactID? {
    let (running, pools) = (running, builder.options.pools)
    return states.takeReady { running[$0, default: 0] < pools[$0] ?? .max }
  }

  private func baseFailure(of id: ArtifactID) -> Failure? {
    guard case .image(let image)? = builder.evaluator.recipes[id] else { return nil }
    for use in builder.evaluator.graph[id]?.bases ?? [] {
      let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: image.platform)
      guard var failure = unpinned[key] else { continue }
      failure.location = use.location
      return failure
    }
    return nil
  }

  private func execution(of id: ArtifactID, _ ledger: Ledger, _ index: FileIndex) -> StepExecution? {
    let evaluator = builder.evaluator
    guard let recipe = evaluator.recipe(of: id, record: ledger[id], pins: ledger.lockfile.pins),
      let runner = evaluator.runners[id.kind], let step = plan[id]
    else { return nil }
    var used: [ArtifactID: ArtifactOutput] = [:]
    for upstream in evaluator.graph.uses(of: id) { used[upstream] = outputs[upstream] }
    // What the plan found missing is missing still, whether it was asked for or is needed.
    let lacksOutput =
      step.isNeeded
      || step.staleness.reasons.contains {
        switch $0 {
        case .outputMissing, .outputDamaged: true
        default: false
        }
      }
    return StepExecution(
      id: id, recipe: recipe, evaluator: evaluator, runner: runner,
      knowledge: StepEvaluator.Knowledge(
        record: ledger[id], outputs: used, pins: ledger.lockfile.pins, forced: forced[id],
        isOutputNeeded: lacksOutput || plan.selected.contains(id), mayBeAssumed: !lacksOutput),
      planned: step.staleness.reasons, unpinned: baseFailure(of: id), index: index,
      log: step.isRestorable ? nil : builder.openLog(id), reporter: builder.reporter,
      keep: builder.keepInputs, clock: clock, time: builder.time)
  }

  private mutating func settle(_ end: StepExecution.End, _ ledger: inout Ledger) throws {
    switch end.result {
    case .current(let output):
      outputs[end.id] = output
      builder.reporter.report(.current(end.id))
      states.finish(end.id)
    case .done(let outcome, let output):
      outputs[end.id] = output
      try record(end, outcome, output, &ledger)
      summary.outcomes[end.id] = outcome
      builder.reporter.report(
        .finished(end.id, outcome, duration: end.duration, failure: nil, nearMiss: end.nearMiss))
      states.finish(end.id)
    case .failed(let failure):
      // The journal names the list of a failed run, too; one that cannot be kept costs an explanation.
      if let verdict = end.verdict { try? builder.keepInputs(end.id, verdict.inputs) }
      // Told first: where the journal cannot be written either, the step's failure is still the cause.
      finish(end.id, failure, end.duration)
      try note(end, StepOutcome.failed.rawValue, nil, ledger[end.id])
    case .interrupted:
      summary.isInterrupted = true
      hasFailed = true
    }
  }

  private mutating func record(
    _ end: StepExecution.End, _ outcome: StepOutcome, _ output: ArtifactOutput, _ ledger: inout Ledger
  ) throws {
    guard let verdict = end.verdict else { return }
    let previous = ledger[end.id]
    var refreshed = previous?.refreshed
    let isFirst = previous?.output.isAssumed ?? true
    // When it began: what it made may be used again.
    if !verdict.mayUseCache || isFirst && hasMaxAge(end.id) {
      refreshed = builder.time() - Int(end.duration.components.seconds) - 1
    }
    try note(end, outcome.rawValue, output.digest, previous)
    ledger[end.id] = BuildRecord(
      verdict.inputs, output: output, generation: verdict.generation, refreshed: refreshed)
    if let previous, previous.output.isAssumed, plan[end.id]?.staleness.reasons.isOutputLost == true {
      try settleAssumption(of: end.id, from: previous.output.digest, to: output.digest, &ledger)
    }
    // A kill costs at most a look into the store's map for what ended since the last write. Of a large lockfile the
    // writing must not become the work.
    let start = clock.now
    if lastWrite.duration(to: start) > max(.seconds(1), writeDuration * 20) {
      try syncJournal()
      try ledger.write()
      lastWrite = clock.now
      writeDuration = start.duration(to: lastWrite)
    }
  }

  /// Many steps that end together share one wait for the disk; what the lockfile names stands in the journal.
  private mutating func syncJournal() throws {
    guard isJournalAhead else { return }
    try builder.journal.sync()
    isJournalAhead = false
  }

  /// What dependents recorded of an assumed output holds of the true one, since it was made from the same inputs.
  private func settleAssumption(
    of id: ArtifactID, from assumed: Digest, to made: Digest, _ ledger: inout Ledger
  ) throws {
    for dependent in builder.evaluator.graph.dependents(of: id) {
      guard let record = ledger[dependent], record.upstreams[id] == assumed,
        let list = builder.evaluator.inputList(record.fingerprint.digest).flatMap({ try? StepInputs(encoded: $0) })
      else { continue }
      let settled = list.replacing(output: made, of: id)
      try builder.keepInputs(dependent, settled)
      ledger[dependent] = BuildRecord(
        settled, output: record.output, generation: record.generation, refreshed: record.refreshed)
    }
  }

  private func hasMaxAge(_ id: ArtifactID) -> Bool {
    if case .image(let image)? = builder.evaluator.recipes[id] { image.maxAge != nil } else { false }
  }

  private mutating func note(
    _ end: StepExecution.End, _ outcome: String, _ output: Digest?, _ previous: BuildRecord?
  ) throws {
    guard let verdict = end.verdict else { return }
    let parts = end.duration.components
    let milliseconds = Int(parts.seconds) * 1000 + Int(parts.attoseconds / 1_000_000_000_000_000)
    var entry = JournalEntry(
      build: builder.number, id: end.id, time: builder.time() - milliseconds / 1000, milliseconds: milliseconds,
      outcome: outcome, reasons: verdict.reasons, fingerprint: verdict.fingerprint,
      previous: previous?.fingerprint, output: output, log: end.log?.name.description)
    entry.fileLists = [verdict.inputs.contextDigest, previous?.groups[.context]].compactMap(\.self)
    entry.nearMiss = end.nearMiss
    isJournalAhead = true
    try builder.journal.append(entry)
  }

  private mutating func finish(_ id: ArtifactID, _ failure: FailureReport, _ duration: Duration) {
    hasFailed = true
    summary.outcomes[id] = .failed
    builder.reporter.report(.finished(id, .failed, duration: duration, failure: failure))
    let graph = builder.evaluator.graph
    for blocked in states.fail(id, uses: { graph.uses(of: $0) }) {
      summary.outcomes[blocked] = .skipped
      builder.reporter.report(.finished(blocked, .skipped, duration: .zero, failure: nil))
    }
  }
}
