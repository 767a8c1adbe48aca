package import ImageModel
internal import YAMLText

/// What people have decided about artifacts, in the plan, for all releases that follow it.
package struct Decisions: Hashable, Sendable {
  package struct Decision: Sendable {
    /// Artifacts, as a command line names them.
    package var pattern: String
    package var note: String?
    /// Where it is written, for faults.
    package var location: SourceLocation?

    package init(_ pattern: String, note: String? = nil, location: SourceLocation? = nil) {
      self.pattern = pattern
      self.note = note
      self.location = location
    }
  }

  /// What a decision means for one artifact.
  package struct Ruling: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
      /// It takes no part in releases.
      case ignore
      /// Its names stay where they lead until the decision is taken away.
      case hold
    }

    package var kind: Kind
    package var note: String?

    package init(_ kind: Kind, note: String? = nil) {
      self.kind = kind
      self.note = note
    }
  }

  package var ignored: [Decision]
  package var held: [Decision]

  package init(ignored: [Decision] = [], held: [Decision] = []) {
    self.ignored = ignored
    self.held = held
  }

  /// By artifact; what is both ignored and held is ignored.
  /// - Parameter select: the artifacts that a pattern names.
  /// - Returns: also the decisions that name nothing.
  package func rulings(
    _ select: (String) -> Set<ArtifactID>
  ) -> (rulings: [ArtifactID: Ruling], idle: [Decision]) {
    var rulings: [ArtifactID: Ruling] = [:]
    var idle: [Decision] = []
    for (kind, decisions) in [(Ruling.Kind.hold, held), (.ignore, ignored)] {
      for decision in decisions {
        let artifacts = select(decision.pattern)
        if artifacts.isEmpty { idle.append(decision) }
        for id in artifacts { rulings[id] = Ruling(kind, note: decision.note) }
      }
    }
    return (rulings, idle)
  }

  // MARK: As a part of a file

  var value: YAMLValue {
    func list(_ decisions: [Decision]) -> YAMLValue {
      .sequence(
        decisions.map { decision in
          guard let note = decision.note else { return .text(decision.pattern) }
          return ["target": .text(decision.pattern), "note": .text(note)]
        })
    }
    return ["ignore": list(ignored), "hold": list(held)]
  }
}

extension Decisions.Decision: Hashable {
  // Where it is written makes no difference.
  package static func == (left: Self, right: Self) -> Bool { left.pattern == right.pattern && left.note == right.note }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(pattern)
    hasher.combine(note)
  }
}
