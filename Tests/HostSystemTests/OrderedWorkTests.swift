import HostSystem
import Synchronization
import Testing

struct OrderedWorkTests {
  @Test(arguments: [1, 2, 7]) func itemsComeBackInOrder(threads: Int) {
    let work = OrderedWork<Int>(threads: threads) { { item in item.isMultiple(of: 7) ? slow(item) : item * 2 } }
    var (given, taken) = (0, [Int]())
    while taken.count < 2000 {
      if given < 2000, work.inFlight < 20 {
        work.submit(given)
        given += 1
      } else if let item = work.next(waiting: true) {
        taken.append(item)
      }
    }
    #expect(taken == (0..<2000).map { $0 * 2 })
    #expect(work.next(waiting: true) == nil && work.next(waiting: false) == nil)
  }

  @Test func threadsEndWithTheirOwner() {
    let alive = Count()
    for round in 0..<20 {
      let work = OrderedWork<Int>(threads: 3) {
        let token = Token(alive)
        return { item in
          token.touch()
          return item
        }
      }
      for item in 0..<round { work.submit(item) }
      if round.isMultiple(of: 2) { while work.next(waiting: true) != nil {} }
    }
    // They need a moment to see that it is over.
    for _ in 0..<10_000 where alive.value.load(ordering: .acquiring) > 0 { slow(1) }
    #expect(alive.value.load(ordering: .acquiring) == 0)
  }
}

@discardableResult private func slow(_ item: Int) -> Int {
  for number in 0..<200 { _ = number.description }
  return item * 2
}

private final class Count: Sendable {
  let value = Atomic<Int>(0)
}

private final class Token {
  private let count: Count

  init(_ count: Count) {
    self.count = count
    count.value.add(1, ordering: .acquiringAndReleasing)
  }

  func touch() {}

  deinit { count.value.subtract(1, ordering: .acquiringAndReleasing) }
}
