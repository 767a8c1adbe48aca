package import BuildRecords
internal import DependencyGraph
package import ImageModel

/// What differs between two states of a tree: each step by what it is made of, whatever is recorded as built.
package struct TreeComparison: Sendable {
  /// A tree at one moment, with its lockfile.
  package struct State: Sendable {
    package var evaluator: StepEvaluator
    package var lockfile: Lockfile

    package init(evaluator: StepEvaluator, lockfile: Lockfile) {
      (self.evaluator, self.lockfile) = (evaluator, lockfile)
    }
  }

  package let before: State
  package let now: State

  package init(before: State, now: State) { (self.before, self.now) = (before, now) }

  /// The steps of today that differ themselves, and why, as if the other state were what is recorded; what is made from
  /// them follows them.
  ///
  /// - Parameter index: of the files of today.
  /// - Throws: `Failure` when files of today cannot be read; `FileSystemError`.
  package func reasons(_ index: inout FileIndex) throws -> [ArtifactID: [StaleReason]] {
    let recipes = now.evaluator.graph.order.compactMap { id in now.recipe(of: id).map { (id: id, recipe: $0) } }
    let files = try now.evaluator.reader.look(at: recipes, index: &index, now: now.evaluator.now)
    var reasons: [ArtifactID: [StaleReason]] = [:]
    for (id, recipe) in recipes {
      guard let known = files[id], var inputs = now.inputs(of: id, known) else { continue }
      guard let old = before.inputs(of: id) else {
        reasons[id] = [.neverBuilt]
        continue
      }
      if inputs.contextDigest != old.contextDigest { inputs = now.inputs(of: id, try known.loaded()) ?? inputs }
      let output = ArtifactOutput(digest: old.fingerprint.digest, isAssumed: true)
      let check = StalenessCheck(
        record: BuildRecord(old, output: output, generation: 0, refreshed: nil), inputs: inputs, recordedInputs: old,
        recipe: recipe)
      if !check.reasons.isEmpty { reasons[id] = check.reasons }
    }
    return reasons
  }
}

extension TreeComparison.State {
  fileprivate func recipe(of id: ArtifactID) -> Recipe? {
    evaluator.recipe(of: id, record: nil, pins: lockfile.pins)
  }

  /// Nil where there is no such step, or its files could not be told.
  fileprivate func inputs(of id: ArtifactID) -> StepInputs? {
    guard let recipe = recipe(of: id),
      let snapshot = try? evaluator.reader.snapshot(of: recipe, index: FileIndex()),
      !snapshot.diagnostics.contains(where: { $0.severity == .error })
    else { return nil }
    return inputs(of: id, StepFiles(snapshot))
  }

  /// The outputs of upstreams are left out: that they differ is what is asked for.
  fileprivate func inputs(of id: ArtifactID, _ files: StepFiles) -> StepInputs? {
    guard let recipe = evaluator.recipes[id], let node = evaluator.graph[id] else { return nil }
    let bases = evaluator.bases(of: node, recipe, lockfile.pins)
    let upstreams = node.uses.map { (id: $0, output: Digest?.none) }
    let generation = lockfile.records[id]?.generation ?? 0
    guard let snapshot = files.snapshot else {
      return evaluator.reader.inputs(
        of: recipe, listDigest: files.listDigest, bases: bases, upstreams: upstreams, generation: generation)
    }
    return evaluator.reader.inputs(
      of: recipe, snapshot: snapshot, bases: bases, upstreams: upstreams, generation: generation)
  }
}
