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
  /// Ordered by priority, the best last.
  private var queue: [ArtifactID] = []
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
    for id in steps { set(id, missing[id] == 0 ? .ready : .waiting) }
  }

  package subscript(id: ArtifactID) -> State? { states[id] }

  package var isFinished: Bool { !states.values.contains { [.waiting, .ready, .running].contains($0) } }

  /// Takes the most urgent ready step that `isAllowed`.
  package mutating func takeReady(where isAllowed: (ArtifactID) -> Bool) -> ArtifactID? {
    guard let place = queue.lastIndex(where: isAllowed) else { return nil }
    let id = queue.remove(at: place)
    set(id, .running)
    return id
  }

  package mutating func finish(_ id: ArtifactID) {
    set(id, .done)
    for dependent in dependents[id] ?? [] {
      missing[dependent, default: 0] -= 1
      if missing[dependent] == 0, states[dependent] == .waiting { set(dependent, .ready) }
    }
  }

  /// - Parameter uses: the edges that carry a failure; order-only ones do not.
  /// - Returns: every step that can no longer run, sorted.
  package mutating func fail(_ id: ArtifactID, uses: (ArtifactID) -> [ArtifactID]) -> [ArtifactID] {
    set(id, .failed)
    var blocked: [ArtifactID] = []
    var waiting = [id]
    while let next = waiting.popLast() {
      for dependent in dependents[next] ?? [] where states[dependent] == .waiting || states[dependent] == .ready {
        if uses(dependent).contains(next) {
          set(dependent, .blocked)
          blocked.append(dependent)
          waiting.append(dependent)
        } else {
          missing[dependent, default: 0] -= 1
          if missing[dependent] == 0, states[dependent] == .waiting { set(dependent, .ready) }
        }
      }
    }
    return blocked.sorted()
  }

  /// The one place where a state changes, which keeps the queue true.
  private mutating func set(_ id: ArtifactID, _ state: State) {
    if states[id] == .ready, state == .blocked || state == .failed { queue.removeAll { $0 == id } }
    states[id] = state
    guard state == .ready else { return }
    let rank = priority[id] ?? 0
    // Among equals the id decides, so that two runs start in the same order.
    let place = queue.partitioningIndex { other in
      let otherRank = priority[other] ?? 0
      return otherRank != rank ? otherRank > rank : other < id
    }
    queue.insert(id, at: place)
  }
}

extension Array {
  /// The first index whose element satisfies `belongsInSecondPartition`, in a partitioned array.
  fileprivate func partitioningIndex(where belongsInSecondPartition: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if belongsInSecondPartition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
