package import BuildRecords
package import DependencyGraph
package import ImageModel

/// Says of one step whether it agrees with its record, from what is known of its upstreams: the one place where a
/// verdict is made, for `status` and for `build`.
package struct StepEvaluator: Sendable {
  package var graph: BuildGraph
  package var recipes: [ArtifactID: Recipe]
  package var reader: InputReader
  package let runners: [ArtifactKind: any StepRunner]
  /// The list of inputs with this digest, if the store has it.
  package let inputList: @Sendable (Digest) -> [UInt8]?
  /// Seconds since 1970.
  package let now: Int

  package init(
    graph: BuildGraph, recipes: [ArtifactID: Recipe], reader: InputReader,
    runners: [ArtifactKind: any StepRunner], inputList: @escaping @Sendable (Digest) -> [UInt8]?, now: Int
  ) {
    self.graph = graph
    self.recipes = recipes
    self.reader = reader
    self.runners = runners
    self.inputList = inputList
    self.now = now
  }

  /// What a verdict is made from, beside the files.
  struct Knowledge: Sendable {
    var record: BuildRecord?
    /// Upstreams whose output is known; for the others the recorded one stands in.
    var outputs: [ArtifactID: ArtifactOutput]
    var pins: [Lockfile.BaseKey: PinnedBase]
    /// Why it must run whatever its inputs say.
    var forced: String?
    /// Whether the output must be there: it was asked for, or a step that runs needs it.
    var isOutputNeeded: Bool
    /// Whether an output that was only assumed counts as there.
    var mayBeAssumed: Bool
    /// Whether the recorded output is known to be whole.
    var isIntact = false
  }

  struct Verdict: Sendable {
    var reasons: [StaleReason]
    var inputs: StepInputs
    var fingerprint: Fingerprint
    /// Counts up when the step runs without the layer cache.
    var generation: Int
    /// Known without running: recorded and current, or in the store's map.
    var output: ArtifactOutput?
    /// Whether the store's map has it, though the record differs.
    var isRestorable: Bool
    var mayUseCache: Bool
  }

  /// - Parameter keepsList: whether the list of a stale step is to be kept, so that it must have its files.
  func verdict(
    of id: ArtifactID, _ stepFiles: StepFiles, _ knowledge: Knowledge, keepsList: Bool = false
  ) throws -> Verdict {
    var files = stepFiles
    guard let recipe = recipes[id], let node = graph[id], let runner = runners[id.kind] else {
      throw Failure("no step makes \(id)")
    }
    let record = knowledge.record
    var uncertain: [StaleReason] = []
    let upstreams = node.uses.map { upstream -> (id: ArtifactID, output: Digest?) in
      if let output = knowledge.outputs[upstream] { return (upstream, output.digest) }
      uncertain.append(.upstreamWillRebuild(upstream))
      return (upstream, record?.upstreams[upstream])
    }
    let pinned = bases(of: node, recipe, knowledge.pins)
    // The files are looked at only where they can be compared with others.
    var hasOtherFiles = false
    func inputs(generation: Int, _ bases: [(reference: ImageReference, pin: PinnedBase?)]) -> StepInputs {
      if let snapshot = files.snapshot, keepsList || hasOtherFiles {
        return reader.inputs(
          of: recipe, snapshot: snapshot, bases: bases, upstreams: upstreams, generation: generation)
      }
      return reader.inputs(
        of: recipe, listDigest: files.listDigest, bases: bases, upstreams: upstreams, generation: generation)
    }

    var generation = record?.generation ?? 0
    var list = inputs(generation: generation, Self.asAssumed(pinned, record))
    var recorded: StepInputs?
    if let record, record.fingerprint != list.fingerprint {
      hasOtherFiles = record.groups[.context] != list.contextDigest
      recorded = recordedList(record, withFiles: hasOtherFiles)
      if hasOtherFiles, recorded?.hasFiles == true {
        files = try files.loaded()
        list = inputs(generation: generation, Self.asAssumed(pinned, record))
      }
    }
    let check = StalenessCheck(record: record, inputs: list, recordedInputs: recorded, recipe: recipe)
    var reasons = check.reasons
    if let record, reasons.isEmpty, knowledge.isOutputNeeded {
      reasons += conditionReasons(of: id, record.output, runner, knowledge)
    }
    reasons += uncertain

    var refresh: [StaleReason] = []
    if let forced = knowledge.forced { refresh.append(.forced(forced)) }
    if let since = tooOldSince(recipe, record) { refresh.append(.tooOld(since: since)) }
    if !refresh.isEmpty, record != nil { generation += 1 }
    reasons = refresh + reasons
    // What is made now is made from the pins, whatever its record assumed.
    if !reasons.isEmpty {
      if keepsList { files = try files.loaded() }
      list = inputs(generation: generation, pinned)
    }

    let fingerprint = list.fingerprint
    var output: ArtifactOutput?
    if reasons.isEmpty {
      output = record?.output
    } else if refresh.isEmpty && uncertain.isEmpty {
      output = try runner.storedOutput(of: id, for: fingerprint)
    }
    return Verdict(
      reasons: reasons, inputs: list, fingerprint: fingerprint, generation: generation, output: output,
      isRestorable: output != nil && !reasons.isEmpty,
      mayUseCache: refresh.isEmpty && !isFirstOfLimitedAge(recipe, record))
  }

  func bases(
    of node: BuildGraph.Node, _ recipe: Recipe, _ pins: [Lockfile.BaseKey: PinnedBase]
  ) -> [(reference: ImageReference, pin: PinnedBase?)] {
    guard case .image(let image) = recipe else { return [] }
    return node.bases.map { use in
      if let digest = use.reference.digest { return (use.reference, PinnedBase(digest: digest)) }
      return (use.reference, pins[.init(reference: use.reference.canonical, platform: image.platform)])
    }
  }

  /// What was only assumed to be built was assumed of an unknown base: its first pin is no change.
  private static func asAssumed(
    _ bases: [(reference: ImageReference, pin: PinnedBase?)], _ record: BuildRecord?
  ) -> [(reference: ImageReference, pin: PinnedBase?)] {
    guard let record, record.output.isAssumed else { return bases }
    return bases.map { ($0, record.bases[$0.canonical] == nil ? nil : $1) }
  }

  /// The recorded list, with the list of its files where that must be compared too.
  private func recordedList(_ record: BuildRecord, withFiles: Bool) -> StepInputs? {
    inputList(record.fingerprint.digest).flatMap { bytes in
      try? StepInputs(encoded: bytes) { withFiles ? inputList($0) : nil }
    }
  }

  private func conditionReasons(
    of id: ArtifactID, _ output: ArtifactOutput, _ runner: any StepRunner, _ knowledge: Knowledge
  ) -> [StaleReason] {
    if output.isAssumed {
      return knowledge.mayBeAssumed ? [] : [.outputMissing("it was recorded by --touch and never built")]
    }
    if knowledge.isIntact { return [] }
    switch runner.condition(of: id, output) {
    case .intact: return []
    case .missing(let what): return [.outputMissing(what)]
    case .damaged(let what): return [.outputDamaged(what)]
    }
  }

  /// Its age counts from now on, so its layers must not be older.
  private func isFirstOfLimitedAge(_ recipe: Recipe, _ record: BuildRecord?) -> Bool {
    guard recipe.maxAge != nil else { return false }
    return record?.output.isAssumed ?? true
  }

  private func tooOldSince(_ recipe: Recipe, _ record: BuildRecord?) -> Int? {
    guard let maxAge = recipe.maxAge, let record, !record.output.isAssumed else { return nil }
    // A limit that was set after the last run counts from the next build on, which records the time.
    guard let since = record.refreshed else { return nil }
    return Duration.seconds(now - since) > maxAge ? since : nil
  }
}
