/// Works on items on several threads at once and gives them back in the order in which they came.
///
/// For one thread that submits and takes. Threads start as there is work for them, and end with this object.
package final class OrderedWork<Item: Sendable> {
  private struct State: Sendable {
    var waiting: [(index: Int, item: Item)] = []
    var done: [Int: Item] = [:]
    var isStopped = false
  }

  private let state = Monitor(State())
  private let makeWorker: @Sendable () -> (Item) -> Item
  private var threads: Int
  private var (started, submitted, taken) = (0, 0, 0)

  /// - Parameter makeWorker: called once on each thread; what it returns does the work there.
  package init(threads: Int, makeWorker: @escaping @Sendable () -> (Item) -> Item) {
    self.threads = max(1, threads)
    self.makeWorker = makeWorker
  }

  deinit {
    state.change {
      $0.isStopped = true
      $0.waiting = []
    }
  }

  /// Items that were submitted and not taken.
  package var inFlight: Int { submitted - taken }

  package func submit(_ item: Item) {
    let index = submitted
    submitted += 1
    if started < min(threads, inFlight) { startWorker() }
    // Without a single thread the work is done here.
    let done: Item? = started == 0 ? makeWorker()(item) : nil
    state.change { state in
      if let done { state.done[index] = done } else { state.waiting.append((index, item)) }
    }
  }

  /// The next item in order; nil when there is none, or when it is not done and `waiting` is false.
  package func next(waiting: Bool) -> Item? {
    guard inFlight > 0 else { return nil }
    let index = taken
    let item =
      waiting
      ? state.wait { $0.done.removeValue(forKey: index) }
      : state.look { $0.done.removeValue(forKey: index) }
    if item != nil { taken += 1 }
    return item
  }

  private func startWorker() {
    let isStarted = startThread { [state, makeWorker] in
      let work = makeWorker()
      while true {
        let next: (index: Int, item: Item)?? = state.wait { state in
          if state.isStopped { return .some(nil) }
          return state.waiting.isEmpty ? nil : .some(state.waiting.removeFirst())
        }
        guard let next = next ?? nil else { return }
        let done = work(next.item)
        state.change { $0.done[next.index] = done }
      }
    }
    // No room for another thread: those that there are do its share.
    if isStarted { started += 1 } else { threads = started }
  }
}
