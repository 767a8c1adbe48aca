package import ImageModel

/// Compares what a step is made of with what is recorded of it.
package struct StalenessCheck: Sendable {
  /// Nil when it was never built, or its block of the lockfile is unreadable.
  package var record: BuildRecord?
  package var inputs: StepInputs
  /// The recorded list, when it can be had.
  package var recordedInputs: StepInputs?
  /// Whose inputs they are, to name the places of what changed.
  package var recipe: Recipe?

  package init(record: BuildRecord?, inputs: StepInputs, recordedInputs: StepInputs?, recipe: Recipe? = nil) {
    self.record = record
    self.inputs = inputs
    self.recordedInputs = recordedInputs
    self.recipe = recipe
  }

  /// Every reason that lies in the inputs; none when the fingerprints are equal.
  package var reasons: [StaleReason] {
    guard let record else { return [.neverBuilt] }
    guard record.fingerprint != inputs.fingerprint else { return [] }
    let changes =
      recordedInputs.map { inputs.changes(since: $0, lines: recipe?.lines ?? [:]) }
      ?? changesOfGroups(since: record)
    var reasons: [StaleReason] = []
    var others: [InputChange] = []
    for var change in changes {
      change.location = change.location ?? recipe?.place(of: change)
      if let reason = Self.special(change) { reasons.append(reason) } else { others.append(change) }
    }
    if !others.isEmpty { reasons.insert(.inputsChanged(others), at: 0) }
    // Equal groups under another fingerprint: the encoding itself has moved on.
    return reasons.isEmpty ? [.inputsChanged([InputChange(.recipe, .modified, "format")])] : reasons
  }

  /// Upstreams and bases that exchanged one digest for another have reasons of their own.
  private static func special(_ change: InputChange) -> StaleReason? {
    guard change.kind == .modified, let before = change.before.flatMap({ Digest($0) }),
      let after = change.after.flatMap({ Digest($0) })
    else { return nil }
    switch change.group {
    case .base: return .baseMoved(change.name, from: before, to: after)
    case .upstream: return ArtifactID(change.name).map { .upstreamChanged($0, from: before, to: after) }
    default: return nil
    }
  }

  /// Without the recorded list only bases and upstreams can be named one by one.
  private func changesOfGroups(since record: BuildRecord) -> [InputChange] {
    let now = BuildRecord(inputs, output: record.output, generation: 0, refreshed: nil)
    var changes: [InputChange] = []
    for group in InputGroup.allCases where group != .base && group != .upstream {
      let (old, new) = (record.groups[group], now.groups[group])
      guard old != new else { continue }
      let kind: InputChange.Kind = old == nil ? .added : new == nil ? .removed : .modified
      changes.append(InputChange(group, kind, ""))
    }
    changes += Self.compare(.base, record.bases, now.bases) { $0 }
    changes += Self.compare(.upstream, record.upstreams, now.upstreams) { $0.description }
    return changes
  }

  private static func compare<Key: Hashable & Comparable>(
    _ group: InputGroup, _ old: [Key: Digest], _ new: [Key: Digest], _ name: (Key) -> String
  ) -> [InputChange] {
    Set(old.keys).union(new.keys).sorted().compactMap { key in
      let (before, after) = (old[key], new[key])
      guard before != after else { return nil }
      let kind: InputChange.Kind = before == nil ? .added : after == nil ? .removed : .modified
      return InputChange(group, kind, name(key), before: before?.description, after: after?.description)
    }
  }
}
