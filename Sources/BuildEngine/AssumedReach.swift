internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

/// What was assumed to be built from bases that nobody knew: once they are pinned, the files that their triggers read
/// count, and as they are now they are what was assumed.
struct AssumedReach {
  let builder: Builder

  func settle(_ ledger: inout Ledger, _ index: FileIndex) throws {
    let evaluator = builder.evaluator
    let pins = ledger.lockfile.pins
    for (id, record) in ledger.lockfile.records where record.output.isAssumed {
      guard case .image(let assumed)? = evaluator.recipe(of: id, record: record, pins: pins),
        case .image(let pinned)? = evaluator.recipe(of: id, record: nil, pins: pins),
        assumed.dockerfile.reach != pinned.dockerfile.reach
      else { continue }
      var outputs: [ArtifactID: ArtifactOutput] = [:]
      for upstream in evaluator.graph.uses(of: id) { outputs[upstream] = ledger[upstream]?.output }
      func verdict(_ image: ImageRecipe) throws -> StepEvaluator.Verdict {
        try evaluator.verdict(
          of: id, StepFiles(try evaluator.reader.snapshot(of: .image(image), id: id, index: index)),
          StepEvaluator.Knowledge(
            record: record, outputs: outputs, pins: pins, forced: nil, isOutputNeeded: false, mayBeAssumed: true),
          keepsList: true)
      }
      // What is stale is read anew when it is made.
      guard try verdict(assumed).reasons.isEmpty else { continue }
      let inputs = try verdict(pinned).inputs
      try builder.keepInputs(id, inputs)
      ledger[id] = BuildRecord(
        inputs, output: record.output, generation: record.generation, refreshed: record.refreshed)
    }
  }
}
