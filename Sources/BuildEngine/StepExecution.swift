internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

/// Brings one step up to date: looks again at what it is made of, now that its upstreams are known, and restores or
/// runs it. Works on values only, so that many go on at once.
struct StepExecution: Sendable {
  let id: ArtifactID
  /// As it is read now; see `StepEvaluator.recipe`.
  var recipe: Recipe
  let evaluator: StepEvaluator
  let runner: any StepRunner
  let knowledge: StepEvaluator.Knowledge
  /// Why it may have to run.
  let planned: [StaleReason]
  /// Why a base of it has no pin: it cannot run, but may be restored or turn out current.
  let unpinned: Failure?
  let index: FileIndex
  let log: (any StepLog)?
  let reporter: any BuildReporter
  let keep: @Sendable (ArtifactID, StepInputs) throws -> Void
  let clock: ContinuousClock
  /// Seconds since 1970.
  let time: @Sendable () -> Int

  /// How it ended, for the owner of the records.
  struct End: Sendable {
    enum Result: Sendable {
      case current(ArtifactOutput)
      case done(StepOutcome, ArtifactOutput)
      case failed(FailureReport)
      case interrupted
    }

    var id: ArtifactID
    var result: Result
    var verdict: StepEvaluator.Verdict?
    var duration = Duration.zero
    var log: FilePath?
    /// The paths in which the output differs from the recorded one without a cause, where they are few.
    var nearMiss: [String] = []
  }

  /// As many paths as a person reads.
  private static let nearMissLimit = 20
  /// As many as an edit may account for.
  private static let differenceLimit = 1000

  func run() async -> End {
    let start = clock.now
    var step = self
    var end = await step.attempt()
    log?.close()
    // A log that nobody wrote to does not exist.
    end.log = log?.path
    end.duration = start.duration(to: clock.now)
    return end
  }

  private mutating func attempt() async -> End {
    var isStarted = false
    func begin(_ reasons: [StaleReason], _ action: StepAction) {
      isStarted = true
      reporter.report(.started(id, reasons: reasons, action))
    }
    var end = End(id: id, result: .interrupted)
    do {
      var (snapshot, verdict) = try look()
      if !verdict.reasons.isEmpty, knowledge.record?.output.isAssumed == true,
        let pinned = evaluator.recipe(of: id, record: nil, pins: knowledge.pins)
      {
        // What is made now is made from the pins, whatever its record assumed.
        let reasons = verdict.reasons
        recipe = pinned
        (snapshot, verdict) = try look()
        verdict.reasons = reasons
      }
      end.verdict = verdict
      try Task.checkCancellation()
      if let output = verdict.output, !verdict.isRestorable {
        end.result = .current(output)
        return end
      }
      begin(verdict.reasons, verdict.isRestorable ? .restore : .run)
      if let output = verdict.output {
        try await runner.adopt(recipe, output, of: verdict.fingerprint, isFresh: false)
        try keep(id, verdict.inputs)
        end.result = .done(.restored, output)
      } else {
        end.result = try await make(snapshot, verdict, &end)
      }
    } catch is CancellationError {
      end.result = .interrupted
    } catch {
      if !Task.isCancelled {
        if !isStarted { begin(planned, .run) }
        end.result = .failed(report(error))
      }
    }
    return end
  }

  private func look() throws -> (ContextSnapshot, StepEvaluator.Verdict) {
    let snapshot = try evaluator.reader.snapshot(of: recipe, id: id, index: index)
    if !snapshot.diagnostics.filter({ $0.severity == .error }).isEmpty { throw InvalidInput(snapshot.diagnostics) }
    return (snapshot, try evaluator.verdict(of: id, StepFiles(snapshot), knowledge, keepsList: true))
  }

  private func make(
    _ snapshot: ContextSnapshot, _ verdict: StepEvaluator.Verdict, _ end: inout End
  ) async throws -> End.Result {
    if let unpinned { throw unpinned }
    let job = StepJob(
      recipe: recipe, inputs: verdict.inputs, fingerprint: verdict.fingerprint, files: snapshot.files,
      upstreams: knowledge.outputs, images: images, bases: pins,
      mayUseCache: verdict.mayUseCache,
      oldestLayer: knowledge.record?.refreshed.map { max(1, time() - $0) })
    let made = try await runner.run(job) { [log, reporter, id] line in
      log?.write(line)
      reporter.report(.output(id, line))
    }
    // An edit that was undone while the engine ran shows in the times: what the engine saw cannot be vouched for.
    let again = try evaluator.reader.snapshot(of: recipe, id: id, index: index)
    let moved = again.moved(since: snapshot)
    if let first = moved.first {
      let others = moved.count > 1 ? " and \(moved.count - 1) more" : ""
      throw StepFailure(
        "changed while building: \(first)\(others); nothing was recorded", help: "run again when nothing writes there")
    }
    try keep(id, verdict.inputs)
    let (outcome, output) = settle(made)
    if outcome == .built, let recorded = knowledge.record?.output, !recorded.isAssumed {
      end.nearMiss = nearMiss(recorded, made, verdict.reasons)
    }
    try runner.remember(output, of: id, for: verdict.fingerprint)
    // Only now: names are for what is known to be made of its inputs.
    try await runner.adopt(recipe, output, of: verdict.fingerprint, isFresh: true)
    return .done(outcome, output)
  }

  /// What would have to be the same for the output to be the recorded one, but for what was changed.
  private func nearMiss(
    _ recorded: ArtifactOutput, _ made: ArtifactOutput, _ reasons: [StaleReason]
  ) -> [String] {
    func differences(
      _ id: ArtifactID, _ first: ArtifactOutput, _ second: ArtifactOutput
    ) -> [OutputDifference]? {
      // What was there before may be gone, and nothing depends on this.
      try? runner.differences(of: id, between: first, and: second, limit: Self.differenceLimit)
    }
    guard let found = differences(id, recorded, made) else { return [] }
    let footprint = EditFootprint(reasons) { differences($0, ArtifactOutput(digest: $1), ArtifactOutput(digest: $2)) }
    if footprint.mayBeAnything { return [] }
    let paths = found.filter { !footprint.explains($0) }.map(\.path)
    return paths.count > Self.nearMissLimit ? [] : paths
  }

  /// The churn guard: an output that differs from the recorded one in times only is the recorded one. Where that is gone,
  /// as on a clone, what was made now stands for it (`StepRunner.isStored`).
  private func settle(_ made: ArtifactOutput) -> (StepOutcome, ArtifactOutput) {
    guard let recorded = knowledge.record?.output, !recorded.isAssumed else { return (.built, made) }
    if recorded.digest == made.digest { return (.unchanged, made) }
    guard let content = made.content, content == recorded.content, runner.isStored(recorded, of: id) else {
      return (.built, made)
    }
    return (.unchanged, recorded)
  }

  private var pins: [String: PinnedBase] {
    guard case .image(let image) = recipe else { return [:] }
    var pins: [String: PinnedBase] = [:]
    for (key, pin) in knowledge.pins where key.platform == image.platform { pins[key.reference] = pin }
    return pins
  }

  private var images: [String: ArtifactID] {
    var images: [String: ArtifactID] = [:]
    for (use, step) in evaluator.graph[id]?.resolution ?? [] { images[use.reference.canonical] = step }
    return images
  }

  private func report(_ error: any Error) -> FailureReport {
    let tail = log?.tail ?? []
    let path = log?.path
    switch error {
    case let failure as StepFailure:
      return FailureReport(
        message: failure.message, at: failure.location, help: failure.help, tail: tail, log: path)
    case let failure as Failure:
      return FailureReport(
        message: failure.message, at: failure.location, help: failure.help, tail: tail, log: path)
    case let invalid as InvalidInput:
      let first = invalid.diagnostics.sorted().first { $0.severity == .error }
      return FailureReport(
        message: first?.message ?? "invalid input", at: first?.location, help: first?.help, tail: tail, log: path)
    default:
      return FailureReport(message: "\(error)", help: nil, tail: tail, log: path)
    }
  }
}
