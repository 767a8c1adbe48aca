internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import DependencyGraph
internal import ImageModel
internal import ReleasePlanning

/// Compares a workspace with what destinations hold.
extension Releasing {
  /// - Parameter countsBytes: whether to ask how much would have to be sent.
  func draft(_ selected: Set<ArtifactID>, countsBytes: Bool) async throws -> ReleaseDraft {
    let ledger = try workspace.ledger()
    let build = try workspace.plan(selected, ledger: ledger)
    let lost = build.onlyLost
    var draft = ReleaseDraft(build: build, ledger: ledger)
    for definition in definitions {
      guard let destination = destinations[definition.name] else { continue }
      let ids = build.order.filter { selected.contains($0) && workspace.isPublished($0, at: definition) }
      let candidates = try ids.map { try candidate($0, draft, lost, definition, destination) }
      do {
        try await compare(candidates, definition, destination, &draft)
        if countsBytes { try await count(definition.name, destination, &draft) }
      } catch let failure as Failure {
        // One that cannot be asked is no reason to say nothing of the others.
        draft.problems[definition.name] = failure
        draft.lines.removeAll { $0.destination == definition.name }
        draft.lines += candidates.map { ReleasePlanner.unknown($0.candidate, at: definition.name) }
      }
    }
    return draft
  }

  /// What an artifact is on our side.
  private struct OwnSide {
    /// As if an output that only this machine lacks were at hand.
    var candidate: ReleasePlanner.Candidate
    var shipment: Shipment?
    var staleness: Staleness
  }

  private func compare(
    _ candidates: [OwnSide], _ definition: DestinationDefinition, _ destination: any Destination,
    _ draft: inout ReleaseDraft
  ) async throws {
    let last = try history.last(at: definition.name)
    let own = Set(workspace.recipes.keys.flatMap { workspace.publishedNames(of: $0, at: definition) })
    var asked: [String: Digest?] = [:]
    for name in last.keys where !own.contains(name) { asked[name] = .some(nil) }
    for side in candidates {
      for name in side.candidate.names { asked[name] = .some(side.candidate.target) }
    }
    let seen = try await destination.published(asked)
    let pending = try history.pending()?.entries.filter { $0.destination == definition.name }.map(\.change) ?? []
    for side in candidates {
      var line = ReleasePlanner.line(
        side.candidate, at: definition.name, seen: seen, last: last.mapValues(\.digest))
      // An output that only this machine lacks need not be made again where it is published.
      if line.isWork, side.candidate.staleness != side.staleness {
        var lost = side.candidate
        lost.staleness = side.staleness
        line = ReleasePlanner.line(lost, at: definition.name, seen: seen, last: last.mapValues(\.digest))
      }
      // What a release that has not ended has switched was moved by nobody else.
      line.moved.removeAll { name in
        pending.contains { $0.name == name && [$0.from, $0.to].contains(seen[name]?.digest) }
      }
      if !line.needsBuild, line.isWork, let shipment = side.shipment { draft.shipments[line.key] = shipment }
      if line.needsBuild, line.isWork, let output = draft.ledger[line.artifact]?.output, output.size > 0 {
        line.laterBytes = output.size
      }
      draft.lines.append(line)
    }
    draft.lines += ReleasePlanner.retired(last, at: definition.name, known: own, seen: seen)
  }

  private func count(
    _ name: String, _ destination: any Destination, _ draft: inout ReleaseDraft
  ) async throws {
    let counted = draft.lines.indices.filter { draft.lines[$0].destination == name }
      .compactMap { index in draft.shipments[draft.lines[index].key].map { (index, $0) } }
    let missing = try await destination.missingBytes(of: counted.map(\.1))
    for ((index, _), bytes) in zip(counted, missing) { draft.lines[index].bytes = bytes }
  }

  private func candidate(
    _ id: ArtifactID, _ draft: ReleaseDraft, _ lost: Set<ArtifactID>, _ definition: DestinationDefinition,
    _ destination: any Destination
  ) throws -> OwnSide {
    let names = workspace.publishedNames(of: id, at: definition)
    var staleness = draft.build[id]?.staleness ?? .current
    guard let record = draft.ledger[id] else {
      return OwnSide(
        candidate: .init(artifact: id, names: names, staleness: staleness, output: nil, target: nil),
        staleness: staleness)
    }
    if record.output.isAssumed, staleness == .current {
      staleness = .stale([.outputMissing("it was recorded by --touch, and never built")])
    }
    let isLost = lost.contains(id) && !record.output.isAssumed
    let isAtHand = staleness == .current
    // On a clone another one of the same content may stand for what is recorded.
    let output =
      switch id.kind {
      case .sif where isAtHand: try workspace.store.sif(for: record.output)?.output
      case .vbox where isAtHand: try workspace.store.machine(for: record.output)?.output
      default: ArtifactOutput?.none
      }
    let shipment = Shipment(
      artifact: id, names: names, fingerprint: record.fingerprint, output: output ?? record.output,
      image: workspace.imageBehind(id).flatMap { draft.ledger[$0]?.output })
    let target = isAtHand ? try destination.target(of: shipment) : isLost ? record.output.manifest : nil
    return OwnSide(
      candidate: .init(
        artifact: id, names: names, staleness: isLost ? .current : staleness, output: record.output.digest,
        target: target),
      shipment: isAtHand ? shipment : nil, staleness: staleness)
  }
}
