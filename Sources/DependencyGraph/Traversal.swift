internal import ImageModel

/// Walks over edges, without recursion: a chain of ten thousand images must not exhaust the stack.
///
/// While a graph is made, its steps are called by their places among the sorted ids, so that edges lie in arrays.
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

  // MARK: By place

  /// Every place after all that `before` has for it; the smaller of two free ones is first.
  /// - Precondition: no cycle; a place on a cycle comes out somewhere.
  static func order(before: [[Int]]) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(before.count)
    var isEntered = [Bool](repeating: false, count: before.count)
    var path: [(place: Int, next: Int)] = []
    for root in before.indices where !isEntered[root] {
      isEntered[root] = true
      path.append((root, 0))
      while let last = path.last {
        if last.next == before[last.place].count {
          result.append(last.place)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let next = before[last.place][last.next]
        if !isEntered[next] {
          isEntered[next] = true
          path.append((next, 0))
        }
      }
    }
    return result
  }

  /// What no order can be given to, sorted: the places on cycles, and those that come after them.
  static func unordered(before: [[Int]]) -> [Int] {
    var missing = before.map(\.count)
    var after = [[Int]](repeating: [], count: before.count)
    for (place, edges) in before.enumerated() { for other in edges { after[other].append(place) } }
    var ready = before.indices.filter { missing[$0] == 0 }
    while let place = ready.popLast() {
      for other in after[place] {
        missing[other] -= 1
        if missing[other] == 0 { ready.append(other) }
      }
    }
    return before.indices.filter { missing[$0] > 0 }
  }

  /// A cycle among what cannot be ordered, beginning with its smallest place; nil when there are no members.
  /// - Precondition: every member leads to another one, as those of `unordered` do.
  static func cycle(among members: [Int], before: [[Int]]) -> [Int]? {
    // Most members may only lead to a cycle: whoever walks on comes to one, and notices it at the second visit.
    guard var place = members.first else { return nil }
    let all = Set(members)
    var seen = Set<Int>()
    while seen.insert(place).inserted {
      guard let other = before[place].first(where: all.contains) else { return nil }
      place = other
    }
    guard let cycle = cycle(through: place, among: all, before), let smallest = cycle.min(),
      let first = cycle.firstIndex(of: smallest)
    else { return nil }
    return Array(cycle[first...] + cycle[..<first])
  }

  /// A shortest cycle through `start` among `members`, beginning there; nil when there is none.
  private static func cycle(through start: Int, among members: Set<Int>, _ before: [[Int]]) -> [Int]? {
    var cameFrom: [Int: Int] = [:]
    var queue = [start][...]
    while let place = queue.popFirst() {
      for other in before[place] where members.contains(other) {
        if other == start {
          var path = [place]
          while let previous = cameFrom[path[path.count - 1]], path[path.count - 1] != start { path.append(previous) }
          return path.reversed()
        }
        if cameFrom[other] == nil {
          cameFrom[other] = place
          queue.append(other)
        }
      }
    }
    return nil
  }
}
