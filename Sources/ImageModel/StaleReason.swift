/// The parts that a step is made of; raw values stand in encodings, in the lockfile and in JSON.
package enum InputGroup: String, Sendable, Hashable, CaseIterable {
  /// Step kind, recipe version, platform, target, test command, generation, command lines.
  case recipe
  case dockerfile
  case argument
  case context
  case base
  case upstream
}

/// One input that differs from what was recorded.
package struct InputChange: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable { case added, removed, modified }

  package var group: InputGroup
  package var kind: Kind
  /// The path of a file, the name of an argument, a base or an upstream; empty when only the group is known.
  package var name: String
  package var before: String?
  package var after: String?
  package var location: SourceLocation?

  package init(
    _ group: InputGroup, _ kind: Kind, _ name: String, before: String? = nil, after: String? = nil,
    location: SourceLocation? = nil
  ) {
    self.group = group
    self.kind = kind
    self.name = name
    self.before = before
    self.after = after
    self.location = location
  }
}

/// Why a step must run.
package enum StaleReason: Sendable, Hashable {
  case neverBuilt
  case outputMissing(String)
  case outputDamaged(String)
  case inputsChanged([InputChange])
  /// Known only after the upstream is built: it may come out identical.
  case upstreamWillRebuild(ArtifactID)
  case upstreamChanged(ArtifactID, from: Digest, to: Digest)
  case baseMoved(String, from: Digest, to: Digest)
  case forced(String)
  /// Seconds since 1970 of the last run without the layer cache.
  case tooOld(since: Int)
}

/// Whether a step agrees with what is recorded.
package enum Staleness: Sendable, Hashable {
  case current
  /// At least one reason; `upstreamWillRebuild` alone makes it "may be built".
  case stale([StaleReason])

  package var reasons: [StaleReason] {
    if case .stale(let reasons) = self { reasons } else { [] }
  }

  /// Stale only because an upstream will be built, which may come out identical.
  package var isUncertain: Bool {
    guard case .stale(let reasons) = self else { return false }
    return reasons.allSatisfy { if case .upstreamWillRebuild = $0 { true } else { false } }
  }
}

extension Array where Element == StaleReason {
  /// Whether the output alone is amiss: what it is made of has not changed.
  package var isOutputLost: Bool {
    !isEmpty
      && allSatisfy {
        switch $0 {
        case .outputMissing, .outputDamaged: true
        default: false
        }
      }
  }

  /// The upstream that a chain to the root cause goes on with; nil where one of the reasons lies in the step itself.
  package var cause: ArtifactID? {
    var upstream: ArtifactID?
    for reason in self {
      switch reason {
      case .upstreamWillRebuild(let id), .upstreamChanged(let id, _, _): upstream = upstream ?? id
      default: return nil
      }
    }
    return upstream
  }
}
