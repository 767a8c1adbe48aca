internal import ImageModel

/// Steps, the most urgent first: a binary heap, since thousands may be ready at once.
struct PriorityQueue: Sendable {
  struct Entry: Comparable, Sendable {
    var id: ArtifactID
    var priority: Double

    /// Less urgent. Among equals the id decides, so that two runs start in the same order.
    static func < (left: Self, right: Self) -> Bool {
      left.priority != right.priority ? left.priority < right.priority : right.id < left.id
    }
  }

  /// Each no less urgent than the two at twice its place and behind.
  private var heap: [Entry] = []

  var first: Entry? { heap.first }

  mutating func insert(_ entry: Entry) {
    heap.append(entry)
    var place = heap.count - 1
    while place > 0, heap[(place - 1) / 2] < heap[place] {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func removeFirst() {
    guard let last = heap.popLast(), !heap.isEmpty else { return }
    heap[0] = last
    var place = 0
    while true {
      var best = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[best] < heap[child] { best = child }
      if best == place { return }
      heap.swapAt(place, best)
      place = best
    }
  }
}
