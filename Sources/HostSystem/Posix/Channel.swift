/// Values that threads hand to each other, in order; who receives waits for one.
package final class Channel<Value: Sendable>: Sendable {
  private struct State: Sendable {
    var values: [Value] = []
    var isClosed = false
  }

  private let state = Monitor(State())

  package init() {}

  /// What is sent after `close` is dropped.
  package func send(_ value: Value) {
    state.change { if !$0.isClosed { $0.values.append(value) } }
  }

  /// The next value; nil when the channel is closed and all before were received.
  package func receive() -> Value? {
    state.wait { state -> Value?? in
      guard state.values.isEmpty else { return .some(state.values.removeFirst()) }
      return state.isClosed ? .some(nil) : nil
    }
  }

  package func close() { state.change { $0.isClosed = true } }
}
