internal import ImageModel

/// Publishes in two phases: all that is new comes to its destinations unseen; then names switch to it.
///
/// Whatever ends it before the second phase leaves what people see as it was. What ends it later leaves a pending release
/// in the history, which the next run completes or takes back.
package struct Publisher: Sendable {
  /// What becomes known on the way.
  package enum Event: Sendable {
    case uploading(Shipment, destination: String)
    case uploaded(Shipment, destination: String)
    case switched(NameSwitch, destination: String)
  }

  /// A line of the plan with what is to be sent.
  package struct Part: Sendable {
    package var line: ReleaseLine
    package var shipment: Shipment

    package init(line: ReleaseLine, shipment: Shipment) {
      self.line = line
      self.shipment = shipment
    }
  }

  private let destinations: [String: any Destination]
  private let history: ReleaseHistory
  private let report: @Sendable (Event) -> Void
  private let progress: @Sendable (Int) -> Void

  package init(
    destinations: [String: any Destination], history: ReleaseHistory,
    report: @escaping @Sendable (Event) -> Void = { _ in }, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.destinations = destinations
    self.history = history
    self.report = report
    self.progress = progress
  }

  /// - Parameter parts: what has work, upstreams before what is made of them, since those share layers.
  /// - Returns: the release; nil when there was nothing to switch.
  /// - Throws: `Failure`, `CancellationError`; what was uploaded stays, and is not sent again.
  package func publish(_ parts: [Part], time: Int) async throws -> Release? {
    let names = Set(parts.map(\.line.destination)).sorted()
    let holds = try await hold(names)
    defer { for hold in holds { hold.release() } }
    for part in parts {
      report(.uploading(part.shipment, destination: part.line.destination))
      try await destination(part.line.destination).upload(part.shipment, progress: progress)
      report(.uploaded(part.shipment, destination: part.line.destination))
    }
    let own = Release(
      time: time,
      entries: parts.flatMap { part in
        part.line.switches.map {
          Release.Entry(artifact: part.line.artifact, destination: part.line.destination, change: $0)
        }
      })
    // One that was not completed goes on in this one: what it was before that is what taking back leads to.
    let release = try history.pending().map { own.completing($0) } ?? own
    guard !release.entries.isEmpty else { return nil }
    try Task.checkCancellation()
    try history.begin(release)
    try await perform(own)
    try history.finish(release)
    return release
  }

  /// Lets every name of a release lead where it led before.
  /// - Returns: the release that does so.
  package func takeBack(_ release: Release, isPending: Bool, time: Int) async throws -> Release {
    let back = Release(
      time: time,
      entries: release.entries.reversed().map {
        Release.Entry(artifact: $0.artifact, destination: $0.destination, change: $0.change.reversed)
      }, undone: isPending ? nil : release.name)
    let holds = try await hold(Set(back.entries.map(\.destination)).sorted())
    defer { for hold in holds { hold.release() } }
    // A pending one stays on record until all of it is undone.
    if !isPending { try history.begin(back) }
    try await perform(back)
    if isPending { try history.abandon() } else { try history.finish(back) }
    return back
  }

  private func perform(_ release: Release) async throws {
    for name in release.entries.map(\.destination).uniqued() {
      let switches = release.entries.filter { $0.destination == name }.map(\.change)
      try await destination(name).perform(switches) { report(.switched($0, destination: name)) }
    }
  }

  private func hold(_ names: [String]) async throws -> [any DestinationHold] {
    var holds: [any DestinationHold] = []
    do {
      for name in names {
        if let hold = try await destination(name).hold() { holds.append(hold) }
      }
    } catch {
      for hold in holds { hold.release() }
      throw error
    }
    return holds
  }

  private func destination(_ name: String) throws(Failure) -> any Destination {
    guard let destination = destinations[name] else {
      throw Failure("coppice.yaml has no destination '\(name)'", help: "add it to 'destinations' again")
    }
    return destination
  }
}

extension Release {
  /// This release and what is left of a pending one: a name of both leads from where it led before the first.
  func completing(_ pending: Release) -> Release {
    var result = self
    for old in pending.entries {
      let same = result.entries.firstIndex { $0.destination == old.destination && $0.change.name == old.change.name }
      if let same {
        result.entries[same].change.from = old.change.from
      } else {
        result.entries.append(old)
      }
    }
    return result
  }
}

extension Array where Element: Hashable {
  /// Each element once, where it first stands.
  fileprivate func uniqued() -> [Element] {
    var known = Set<Element>()
    return filter { known.insert($0).inserted }
  }
}
