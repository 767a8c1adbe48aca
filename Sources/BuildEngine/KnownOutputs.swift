internal import BuildRecords
internal import DependencyGraph
internal import FileTraces
internal import HostSystem
internal import ImageModel

/// Recorded outputs that are whole, as far as the index knows; the others are asked for where it matters.
struct KnownOutputs {
  let evaluator: StepEvaluator

  /// - Parameter index: gets what had to be looked at.
  func intact(
    among ids: [ArtifactID], _ lockfile: Lockfile, index: inout FileIndex
  ) -> Set<ArtifactID> {
    let recorded = ids.compactMap { id -> (id: ArtifactID, output: ArtifactOutput)? in
      lockfile.records[id].flatMap { $0.output.isAssumed ? nil : (id, $0.output) }
    }
    let questions = recorded.map { TraceStore.Question("output of \($0.id)", key: key(of: $0.id, $0.output)) }
    var intact: Set<ArtifactID> = []
    var open: [Int] = []
    for (place, answer) in index.traces.answers(to: questions, in: evaluator.reader.files).enumerated() {
      if case .holds = answer { intact.insert(recorded[place].id) } else { open.append(place) }
    }
    let (places, evaluator) = (open, evaluator)
    let moment = FileIndex.settled(at: evaluator.now)
    let traces = Locked([(isIntact: Bool, trace: [UInt8]?)](repeating: (false, nil), count: open.count))
    concurrently(places.count) { index in
      let (id, output) = recorded[places[index]]
      let files = TracingFileSystem(evaluator.reader.files, olderThan: moment)
      let condition = evaluator.runners[id.kind]?.condition(of: id, output, through: files)
      if condition == .intact { traces.withLock { $0[index] = (true, files.trace) } }
    }
    for (place, found) in zip(open, traces.withLock({ $0 })) where found.isIntact {
      intact.insert(recorded[place].id)
      if let trace = found.trace { index.traces.insert([], for: questions[place], trace: trace) }
    }
    return intact
  }

  /// All that the answer depends on beside files.
  private func key(of id: ArtifactID, _ output: ArtifactOutput) -> Digest {
    let content = output.content?.description ?? "-"
    let place = evaluator.runners[id.kind]?.outputPlace?.bytes ?? []
    return .sha256(Array("intact 2 \(output.digest) \(content) \(output.size) ".utf8) + place)
  }
}
