package import ImageModel

/// Where each step of a build is.
package struct BuildStates: Sendable {
  package enum State: Sendable, Hashable {
    /// An upstream that may run has not ended.
    case waiting
    /// Every upstream has ended well; a worker may take it.
    case ready
    /// A worker has it.
    case running
    /// Ended with an output that dependents may use.
    case done
    case failed
    /// An upstream failed, or was itself blocked.
    case blocked
  }

  private var states: [ArtifactID: State] = [:]
  /// How many upstreams of a waiting step have not ended.
  private var missing: [ArtifactID: Int] = [:]
  private let dependents: [ArtifactID: [ArtifactID]]
  /// Ready steps by kind; one that is ready no more is passed over when its turn comes.
  private var queues: [ArtifactKind: PriorityQueue] = [:]
  private let priority: [ArtifactID: Double]

  /// - Parameters:
  ///   - steps: what may run.
  ///   - upstreams: used and order-only edges; those that lead out of `steps` are ignored.
  ///   - priority: the higher, the earlier among ready steps.
  package init(steps: [ArtifactID], upstreams: (ArtifactID) -> [ArtifactID], priority: [ArtifactID: Double]) {
    let members = Set(steps)
    var dependents: [ArtifactID: [ArtifactID]] = [:]
    for id in steps {
      let edges = Set(upstreams(id)).intersection(members)
      missing[id] = edges.count
      for upstream in edges { dependents[upstream, default: []].append(id) }
    }
    self.dependents = dependents
    self.priority = priority
    for id in steps { states[id] = .waiting }
    for id in steps where missing[id] == 0 { release(id) }
  }

  package subscript(id: ArtifactID) -> State? { states[id] }

  package var isFinished: Bool { !states.values.contains { [.waiting, .ready, .running].contains($0) } }

  /// Takes the most urgent ready step of a kind that `isAllowed`.
  package mutating func takeReady(where isAllowed: (ArtifactKind) -> Bool) -> ArtifactID? {
    var best: (kind: ArtifactKind, entry: PriorityQueue.Entry)?
    for kind in queues.keys where isAllowed(kind) {
      while let first = queues[kind]?.first, states[first.id] != .ready { queues[kind]?.removeFirst() }
      guard let first = queues[kind]?.first, best.map({ $0.entry < first }) ?? true else { continue }
      best = (kind, first)
    }
    guard let best else { return nil }
    queues[best.kind]?.removeFirst()
    states[best.entry.id] = .running
    return best.entry.id
  }

  package mutating func finish(_ id: ArtifactID) {
    states[id] = .done
    for dependent in dependents[id] ?? [] { endedUpstream(of: dependent) }
  }

  /// - Parameter uses: the edges that carry a failure; order-only ones do not.
  /// - Returns: every step that can no longer run, sorted.
  package mutating func fail(_ id: ArtifactID, uses: (ArtifactID) -> [ArtifactID]) -> [ArtifactID] {
    states[id] = .failed
    var blocked: [ArtifactID] = []
    var waiting = [id]
    while let next = waiting.popLast() {
      for dependent in dependents[next] ?? [] where states[dependent] == .waiting || states[dependent] == .ready {
        if uses(dependent).contains(next) {
          states[dependent] = .blocked
          blocked.append(dependent)
          waiting.append(dependent)
        } else {
          endedUpstream(of: dependent)
        }
      }
    }
    return blocked.sorted()
  }

  private mutating func endedUpstream(of id: ArtifactID) {
    missing[id, default: 0] -= 1
    if missing[id] == 0, states[id] == .waiting { release(id) }
  }

  private mutating func release(_ id: ArtifactID) {
    states[id] = .ready
    queues[id.kind, default: PriorityQueue()].insert(PriorityQueue.Entry(id: id, priority: priority[id] ?? 0))
  }
}
