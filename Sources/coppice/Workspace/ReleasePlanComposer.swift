internal import BuildEngine
internal import BuildRecords
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ReleasePlanning

/// Makes a plan, as a file has it, of what a release would do.
struct ReleasePlanComposer {
  let releasing: Releasing
  /// The artifacts that were asked for by name; none means all.
  let targets: [ArtifactID]

  func plan(_ draft: ReleaseDraft, _ reasons: ReleaseReasons) throws -> ReleasePlan {
    let workspace = releasing.workspace
    var plan = ReleasePlan(time: Host.now(), targets: targets)
    plan.destinations = try releasing.definitions.map { definition in
      ReleasePlan.Place(
        name: definition.name,
        definition: try definition.words(in: workspace.repository, workspace.invocation.environment),
        problem: draft.problems[definition.name].map { TerminalText.oneLine($0.message) })
    }
    // What no line needs, nobody waits for.
    let published = draft.lines.filter { $0.change != .retired }
    let closure = workspace.graph.upstream(of: Set(published.map(\.artifact)))
    let needed = workspace.graph.upstream(of: Set(published.filter(\.needsBuild).map(\.artifact)))
    let stale = draft.build.stale.filter { needed.contains($0.id) }
    let durations = Durations(of: stale.map(\.id), in: workspace.journal)
    plan.builds = try stale.map { step in
      ReleasePlan.Build(
        artifact: step.id, isCertain: !step.staleness.isUncertain,
        expectedSeconds: step.isRestorable ? nil : durations[step.id].map { Int($0.inSeconds.rounded(.up)) },
        expectedBytes: step.isRestorable ? nil : ownBytes(of: step.id, draft.ledger),
        reasons: try reasons.lines(of: step.id))
    }
    plan.lines = try draft.lines.map { line in
      ReleasePlan.Line(
        artifact: line.artifact, destination: line.destination, action: line.action,
        names: line.names.map { ReleasePlan.Name($0, from: line.seen[$0], isMoved: line.moved.contains($0)) },
        to: line.isWork ? line.target : nil, bytes: line.bytes ?? line.laterBytes, reasons: try reasons.lines(of: line))
    }
    plan.sources = draft.build.order.filter(closure.contains).compactMap { id in
      draft.build[id].map { step in
        ReleasePlan.Source(
          artifact: id, inputs: step.inputs.ownDigest, recorded: draft.ledger[id].map { $0.digest(of: id) })
      }
    }
    let bases = draft.build.order.filter(closure.contains).flatMap { id -> [Lockfile.BaseKey] in
      guard case .image(let image)? = workspace.recipes[id] else { return [] }
      let references = workspace.graph[id]?.bases.map(\.reference.canonical) ?? []
      return references.map { Lockfile.BaseKey(reference: $0, platform: image.platform) }
    }
    plan.bases = Set(bases).sorted().map { key in
      ReleasePlan.Base(reference: "\(key.reference) \(key.platform)", pinned: draft.ledger[pin: key]?.digest)
    }
    return plan
  }

  /// What the recorded output takes beside the largest that it was made of, whose layers it shares.
  private func ownBytes(of id: ArtifactID, _ ledger: Ledger) -> Int? {
    guard let output = ledger[id]?.output, !output.isAssumed, output.size > 0 else { return nil }
    guard id.kind == .docker else { return output.size }
    let shared = releasing.workspace.graph.uses(of: id).compactMap { ledger[$0]?.output.size }
    return output.size - (shared.filter { $0 <= output.size }.max() ?? 0)
  }
}

extension ReleaseLine {
  var action: ReleasePlan.Action {
    switch change {
    case .new, .changed: needsBuild ? .build : .publish
    case .uncertain: .may
    case .unchanged: .keep
    case .retired: .retire
    case .unknown: .unknown
    }
  }
}

extension StepInputs {
  /// Of everything but upstreams, bases, which have digests of their own, and the count of forced runs.
  fileprivate var ownDigest: Digest {
    let generation = Array("generation".utf8)
    let own = inputs.filter { input in
      ![.context, .base, .upstream].contains(input.group) && !(input.group == .recipe && input.name == generation)
    }
    return StepInputs(own, contextDigest: contextDigest).fingerprint.digest
  }
}

extension BuildRecord {
  /// Of the whole block that the lockfile has of it.
  func digest(of id: ArtifactID) -> Digest {
    var lockfile = Lockfile()
    lockfile.records[id] = self
    return .sha256(LockfileWriter.bytes(lockfile))
  }
}
