internal import ImageModel

/// Walks over edges, without recursion: a chain of ten thousand images must not exhaust the stack.
enum Traversal {
  static func reachable(
    from roots: some Sequence<ArtifactID>, _ next: (ArtifactID) -> [ArtifactID]
  ) -> Set<ArtifactID> {
    var seen = Set(roots)
    var waiting = Array(seen)
    while let id = waiting.popLast() {
      for other in next(id) where seen.insert(other).inserted { waiting.append(other) }
    }
    return seen
  }

  /// Every id after all that `before` names; the order of `ids` decides among the free ones.
  /// - Precondition: no cycle; an id on a cycle comes out at an arbitrary place.
  static func order(_ ids: [ArtifactID], before: (ArtifactID) -> [ArtifactID]) -> [ArtifactID] {
    var result: [ArtifactID] = []
    var entered = Set<ArtifactID>()
    for root in ids where entered.insert(root).inserted {
      var path: [(id: ArtifactID, rest: ArraySlice<ArtifactID>)] = [(root, before(root)[...])]
      while let last = path.indices.last {
        if let next = path[last].rest.popFirst() {
          if entered.insert(next).inserted { path.append((next, before(next)[...])) }
        } else {
          result.append(path.removeLast().id)
        }
      }
    }
    return result
  }

  /// A cycle among what cannot be ordered, beginning with its smallest id; nil when there are no members.
  /// - Precondition: every member leads to another one, as those of `unordered` do.
  static func cycle(
    among members: Set<ArtifactID>, _ next: (ArtifactID) -> [ArtifactID]
  ) -> [ArtifactID]? {
    // Most members may only lead to a cycle: whoever walks on comes to one, and notices it at the second visit.
    guard var id = members.min() else { return nil }
    var seen = Set<ArtifactID>()
    while seen.insert(id).inserted {
      guard let other = next(id).first(where: members.contains) else { return nil }
      id = other
    }
    guard let cycle = cycle(through: id, among: members, next),
      let first = cycle.indices.min(by: { cycle[$0] < cycle[$1] })
    else { return nil }
    return Array(cycle[first...] + cycle[..<first])
  }

  /// A shortest cycle through `start` among `members`, beginning there; nil when there is none.
  private static func cycle(
    through start: ArtifactID, among members: Set<ArtifactID>, _ next: (ArtifactID) -> [ArtifactID]
  ) -> [ArtifactID]? {
    var cameFrom: [ArtifactID: ArtifactID] = [:]
    var queue = [start][...]
    while let id = queue.popFirst() {
      for other in next(id) where members.contains(other) {
        if other == start {
          var path = [id]
          while let previous = cameFrom[path[path.count - 1]], path[path.count - 1] != start { path.append(previous) }
          return path.reversed()
        }
        if cameFrom[other] == nil {
          cameFrom[other] = id
          queue.append(other)
        }
      }
    }
    return nil
  }

  /// What no order can be given to: the ids on cycles or between them.
  static func unordered(_ ids: [ArtifactID], before: (ArtifactID) -> [ArtifactID]) -> Set<ArtifactID> {
    var missing: [ArtifactID: Int] = [:]
    var after: [ArtifactID: [ArtifactID]] = [:]
    for id in ids {
      let edges = before(id)
      missing[id] = edges.count
      for other in edges { after[other, default: []].append(id) }
    }
    var ready = ids.filter { missing[$0] == 0 }
    var left = Set(ids)
    while let id = ready.popLast() {
      left.remove(id)
      for other in after[id] ?? [] {
        missing[other, default: 0] -= 1
        if missing[other] == 0 { ready.append(other) }
      }
    }
    return left
  }
}
