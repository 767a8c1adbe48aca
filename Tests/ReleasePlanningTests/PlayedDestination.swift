import HostSystem
import ImageModel
import ReleasePlanning

/// A destination in memory, which fails where a test wants it to.
final class PlayedDestination: Destination {
  private struct State: Sendable {
    var contents: Set<Digest> = []
    var names: [String: Digest] = [:]
    var operations = 0
    var isHeld = false
    var sent = 0
  }

  private let state = Locked(State())
  /// The number of the operation that fails, counted from the last `failNext`.
  private let fault = Locked<Int?>(nil)

  var names: [String: Digest] { state.withLock { $0.names } }
  var sent: Int { state.withLock { $0.sent } }
  var isHeld: Bool { state.withLock { $0.isHeld } }

  func put(_ name: String, _ digest: Digest?) {
    state.withLock { state in
      state.names[name] = digest
      if let digest { state.contents.insert(digest) }
    }
  }

  /// Lets the operation after `count` others fail; nil for none.
  func fail(after count: Int?) {
    state.withLock { $0.operations = 0 }
    fault.withLock { $0 = count }
  }

  private func step() throws {
    let number = state.withLock { state in
      defer { state.operations += 1 }
      return state.operations
    }
    if fault.withLock({ $0 }) == number { throw Failure("played fault") }
  }

  func published(_ names: [String: Digest?]) async throws -> [String: PublishedVersion] {
    try step()
    return self.names.filter { names[$0.key] != nil }.mapValues { PublishedVersion(digest: $0, output: $0) }
  }

  func target(of shipment: Shipment) throws -> Digest { shipment.output.digest }

  func missingBytes(of shipments: [Shipment]) async throws -> [Int] {
    let contents = state.withLock { $0.contents }
    return shipments.map { contents.contains($0.output.digest) ? 0 : $0.output.size }
  }

  private struct Hold: DestinationHold {
    let end: @Sendable () -> Void
    func release() { end() }
  }

  func hold() async throws -> (any DestinationHold)? {
    try step()
    let isFree = state.withLock { state in
      defer { state.isHeld = true }
      return !state.isHeld
    }
    guard isFree else { throw Failure("somebody else publishes") }
    return Hold { [state] in state.withLock { $0.isHeld = false } }
  }

  func upload(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws {
    try step()
    state.withLock { state in
      if state.contents.insert(shipment.output.digest).inserted { state.sent += shipment.output.size }
    }
    progress(shipment.output.size)
  }

  /// Whether it takes names away.
  let takesAway = Locked(true)

  func perform(_ switches: [NameSwitch], switched: @Sendable (NameSwitch) -> Void) async throws -> [String] {
    var kept: [String] = []
    for change in switches {
      if change.to == nil, !takesAway.withLock({ $0 }) {
        kept.append(change.name)
        continue
      }
      try step()
      try state.withLock { state in
        let now = state.names[change.name]
        if now == change.to { return }
        guard now == change.from else { throw Failure("somebody else moved \(change.name)") }
        if let to = change.to, !state.contents.contains(to) { throw Failure("\(to) was not uploaded") }
        state.names[change.name] = change.to
      }
      switched(change)
    }
    return kept
  }
}
