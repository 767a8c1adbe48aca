/// The parts that a step is made of; raw values stand in encodings, in the lockfile and in JSON.
package enum InputGroup: String, Sendable, Hashable, CaseIterable {
  /// Step kind, recipe version, platform, target, test command, generation, command lines.
  case recipe
  case dockerfile
  case argument
  case context
  case base
  case upstream
  /// What is done to the disk of a VM image, in order.
  case step

  /// Whether its inputs have an order and no names.
  package var isSequence: Bool { self == .dockerfile || self == .step }
}

/// What made an input change, where that lies outside of it.
package enum InputCause: Sendable, Hashable {
  /// A parameter of the template that the file is made from; nil for one that was not there, or is no more.
  case parameter(String, before: String?, after: String?, location: SourceLocation?)
  /// The ignore file of this name lets the file in, or does so no more.
  case ignoreFile(String)
  /// Another stage is built, by which other instructions count; nil means the last one.
  case target(before: String?, after: String?, location: SourceLocation)
  /// The instruction is written as it was, and a name in it means another image.
  case meaning(instruction: String)
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
  /// Where the Dockerfile or the definition says it.
  package var location: SourceLocation?
  /// Found for `explain`, from what is kept beside the lists.
  package var causes: [InputCause] = []
  /// The changed lines of a text as a unified diff shows them, for `explain`; empty where the texts are not known.
  package var diff: [String] = []

  /// Whether nothing but the group is known, since the recorded list cannot be had.
  package var isGroupOnly: Bool { name.isEmpty && before == nil && after == nil }

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

extension StaleReason {
  /// Whether the step is made of something else than before.
  package var isOfInputs: Bool {
    switch self {
    case .inputsChanged, .upstreamChanged, .baseMoved: true
    default: false
    }
  }
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

  /// The upstreams that a chain to the root causes goes on with.
  package var causes: [ArtifactID] {
    compactMap {
      switch $0 {
      case .upstreamWillRebuild(let id), .upstreamChanged(let id, _, _): id
      default: nil
      }
    }
  }
}

extension ArtifactID {
  /// From this artifact up to every root cause: it comes first, each one before the upstreams that its reasons name, a
  /// root cause last.
  /// - Parameter causes: the upstreams that the reasons of an artifact name.
  package func causalChain(_ causes: (ArtifactID) throws -> [ArtifactID]) rethrows -> [ArtifactID] {
    // Depth first without recursion: a chain of ten thousand images must not exhaust the stack.
    var finished: [ArtifactID] = []
    var seen: Set<ArtifactID> = [self]
    var path: [(id: ArtifactID, rest: ArraySlice<ArtifactID>)] = [(self, try causes(self)[...])]
    while let last = path.indices.last {
      if let next = path[last].rest.popFirst() {
        if seen.insert(next).inserted { path.append((next, try causes(next)[...])) }
      } else {
        finished.append(path.removeLast().id)
      }
    }
    return finished.reversed()
  }
}
