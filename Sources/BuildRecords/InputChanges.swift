package import ImageModel

extension StepInputs {
  /// What differs between a recorded list and this one.
  /// - Parameter lines: where today's Dockerfile, or definition, says what is a sequence.
  package func changes(since before: StepInputs, lines: [InputGroup: [SourceLocation]] = [:]) -> [InputChange] {
    var changes: [InputChange] = []
    for group in InputGroup.allCases where !group.isSequence {
      if group == .context, !hasFiles || !before.hasFiles {
        changes += contextChange(since: before)
      } else {
        changes += Self.changes(group, from: before[group], to: self[group])
      }
    }
    return InputGroup.allCases.filter(\.isSequence).flatMap { group in
      sequenceChanges(group, since: before, lines[group] ?? [])
    } + changes
  }

  /// Without a list of files nothing but the group can be named.
  private func contextChange(since before: StepInputs) -> [InputChange] {
    guard contextDigest != before.contextDigest else { return [] }
    let kind: InputChange.Kind =
      before.contextDigest == nil ? .added : contextDigest == nil ? .removed : .modified
    return [InputChange(.context, kind, "")]
  }

  /// Both sides are sorted by name: one walk over both.
  private static func changes(
    _ group: InputGroup, from before: ArraySlice<StepInput>, to after: ArraySlice<StepInput>
  ) -> [InputChange] {
    var changes: [InputChange] = []
    var (old, new) = (before, after)
    func add(_ kind: InputChange.Kind, _ old: StepInput?, _ new: StepInput?) {
      let name = String(decoding: (new ?? old)?.name ?? [], as: UTF8.self)
      changes.append(InputChange(group, kind, name, before: old.map(text), after: new.map(text)))
    }
    while let first = old.first ?? new.first {
      guard let left = old.first, let right = new.first else {
        if old.isEmpty { add(.added, nil, first) } else { add(.removed, first, nil) }
        if old.isEmpty { new.removeFirst() } else { old.removeFirst() }
        continue
      }
      if left.name == right.name {
        if left.value != right.value { add(.modified, left, right) }
        old.removeFirst()
        new.removeFirst()
      } else if left.name.lexicographicallyPrecedes(right.name) {
        add(.removed, left, nil)
        old.removeFirst()
      } else {
        add(.added, nil, right)
        new.removeFirst()
      }
    }
    return changes
  }

  private static func text(_ input: StepInput) -> String { String(decoding: input.value, as: UTF8.self) }

  /// Instructions and steps are sequences: a line put in between is one change, not a change of all that follow.
  private func sequenceChanges(
    _ group: InputGroup, since before: StepInputs, _ lines: [SourceLocation]
  ) -> [InputChange] {
    // Bytes, not texts: to Swift an accent is equal to the same one composed of two characters.
    let (old, new) = (Array(before[group]), Array(self[group]))
    var removed: [Int: String] = [:]
    var inserted: [Int: String] = [:]
    for edit in SequenceDiff.edits(from: old, to: new) {
      switch edit {
      case .keep: break
      case .remove(let index): removed[index] = Self.text(old[index])
      case .insert(let index): inserted[index] = Self.text(new[index])
      }
    }
    var changes: [InputChange] = []
    var (oldIndex, newIndex) = (0, 0)
    while oldIndex < old.count || newIndex < new.count {
      let (gone, came) = (removed[oldIndex], inserted[newIndex])
      if gone == nil && came == nil {
        (oldIndex, newIndex) = (oldIndex + 1, newIndex + 1)
        continue
      }
      let kind: InputChange.Kind = gone == nil ? .added : came == nil ? .removed : .modified
      // What was removed stood before the instruction that is at this place now.
      let location = lines.isEmpty ? nil : lines[min(newIndex, lines.count - 1)]
      changes.append(InputChange(group, kind, "", before: gone, after: came, location: location))
      if gone != nil { oldIndex += 1 }
      if came != nil { newIndex += 1 }
    }
    return changes
  }
}
