package import ImageModel

/// Publishes in two phases: all that is new comes to its destinations unseen; then names switch to it.
///
/// Whatever ends it before the second phase leaves what people see as it was. What ends it later leaves a pending release
/// in the history, which the next run completes or takes back.
package struct Publisher: Sendable {
  /// What becomes known on the way.
  package enum Event: Sendable {
    /// - Parameter bytes: that are missing there, where somebody has asked.
    case uploading(Shipment, destination: String, bytes: Int?)
    /// So many more bytes are there; less than nothing when some were lost.
    case moved(Shipment, destination: String, bytes: Int)
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

  /// - Parameter report: called from any thread.
  package init(
    destinations: [String: any Destination], history: ReleaseHistory,
    report: @escaping @Sendable (Event) -> Void = { _ in }
  ) {
    self.destinations = destinations
    self.history = history
    self.report = report
  }

  /// - Parameters:
  ///   - parts: what has work, upstreams before what is made of them, since those share layers.
  ///   - lines: the whole plan: what a release that was not completed has switched is looked up there.
  ///   - plan: the seal of the plan that is applied.
  /// - Returns: the release; nil when there was nothing to switch.
  /// - Throws: `Failure`, `CancellationError`; what was uploaded stays, and is not sent again.
  package func publish(
    _ parts: [Part], of lines: [ReleaseLine], time: Int, plan: Digest? = nil
  ) async throws -> Release? {
    let pending = try history.pending()
    if let pending { try check(pending, lines) }
    let holds = try await hold(Set(parts.map(\.line.destination)).sorted())
    defer { for hold in holds { hold.release() } }
    for part in parts {
      let (shipment, place) = (part.shipment, part.line.destination)
      report(.uploading(shipment, destination: place, bytes: part.line.bytes))
      try await destination(place).upload(shipment) { [report] count in
        report(.moved(shipment, destination: place, bytes: count))
      }
      report(.uploaded(shipment, destination: place))
    }
    let own = Release(
      time: try history.time(of: time),
      entries: parts.flatMap { part in
        part.line.switches.map {
          Release.Entry(artifact: part.line.artifact, destination: part.line.destination, change: $0)
        }
      }, plan: plan)
    // One that was not completed goes on in this one: what it was before that is what taking back leads to.
    let release = pending.map { own.completing($0, lines) } ?? own
    // Before the first name switches all of them are looked at: the uploads may have taken hours.
    let moved = try await moved(in: own)
    guard moved.isEmpty else {
      throw Failure(
        "somebody else has moved \(moved.map(\.change.name).joined(separator: ", ")) while this release was sent",
        help: "look what it is, then publish again: nothing has switched, and what was sent is there")
    }
    try Task.checkCancellation()
    guard !release.entries.isEmpty else {
      // All that the pending one had switched goes back: together they have changed nothing.
      _ = try await perform(own)
      try history.abandon()
      return nil
    }
    try history.begin(release)
    _ = try await perform(own)
    try history.finish(release)
    return release
  }

  private func check(_ pending: Release, _ lines: [ReleaseLine]) throws(Failure) {
    guard pending.undone == nil else {
      throw Failure(
        "the release \(pending.undone ?? "") is being taken back, which has not ended",
        help: "`coppice publish --rollback` goes on with it")
    }
    let left = pending.entries.filter { entry in
      !lines.contains { $0.destination == entry.destination && $0.names.contains(entry.change.name) }
    }
    guard left.isEmpty else {
      throw Failure(
        "a release that was not completed has also \(left.map(\.change.name).joined(separator: ", "))",
        help: "publish everything everywhere, without --only and targets, or take it back with --rollback")
    }
  }

  /// Lets every name of a release lead where it led before; of one that is itself such a release, goes on with it.
  /// - Parameter isPending: whether it has not been completed.
  /// - Returns: the release that does so, and the names that do not lead there: taken by somebody else, or such as the
  ///   destination does not take away.
  package func takeBack(_ release: Release, isPending: Bool, time: Int) async throws -> (Release, staying: [String]) {
    let isGoingOn = isPending && release.undone != nil
    let back =
      isGoingOn
      ? release
      : Release(
        time: try history.time(of: time),
        entries: release.entries.reversed().map {
          Release.Entry(artifact: $0.artifact, destination: $0.destination, change: $0.change.reversed)
        }, undone: release.name)
    let holds = try await hold(Set(back.entries.map(\.destination)).sorted())
    defer { for hold in holds { hold.release() } }
    var staying = try await moved(in: back)
    var rest = back
    rest.entries.removeAll(where: staying.contains)
    try history.begin(back)
    staying += try await perform(rest)
    // What stays is no part of what is written down.
    rest.entries.removeAll(where: staying.contains)
    // Of one that nobody saw as a whole nothing is left to tell.
    if isPending && !isGoingOn { try history.abandon() } else { try history.finish(rest) }
    return (rest, staying.map(\.change.name))
  }

  /// Names that lead neither where they should nor where they shall.
  private func moved(in release: Release) async throws -> [Release.Entry] {
    var moved: [Release.Entry] = []
    for (name, entries) in release.byDestination {
      let asked = entries.reduce(into: [:]) { $0[$1.change.name] = Optional($1.change.to) }
      let seen = try await destination(name).published(asked)
      moved += entries.filter { ![$0.change.from, $0.change.to].contains(seen[$0.change.name]?.digest) }
    }
    return moved
  }

  /// - Returns: names that should be taken away and stay.
  private func perform(_ release: Release) async throws -> [Release.Entry] {
    var kept: [Release.Entry] = []
    for (name, entries) in release.byDestination {
      let names = try await destination(name).perform(entries.map(\.change)) {
        report(.switched($0, destination: name))
      }
      kept += entries.filter { names.contains($0.change.name) }
    }
    return kept
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
  /// In the order of the release.
  fileprivate var byDestination: [(destination: String, entries: [Entry])] {
    entries.reduce(into: []) { result, entry in
      if let place = result.firstIndex(where: { $0.destination == entry.destination }) {
        result[place].entries.append(entry)
      } else {
        result.append((entry.destination, [entry]))
      }
    }
  }

  /// This release and what a pending one has done: a name of both leads from where it led before the first.
  /// - Parameter lines: the plan, which has all of its names.
  fileprivate func completing(_ pending: Release, _ lines: [ReleaseLine]) -> Release {
    var result = self
    result.plan = plan ?? pending.plan
    for old in pending.entries {
      let name = old.change.name
      if let same = result.entries.firstIndex(where: { $0.destination == old.destination && $0.change.name == name }) {
        result.entries[same].change.from = old.change.from
        continue
      }
      // It leads where it shall already: from this release's side nothing switches.
      let line = lines.first { $0.destination == old.destination && $0.names.contains(name) }
      var entry = old
      entry.change.to = line?.seen[name]
      result.entries.append(entry)
    }
    result.entries.removeAll { $0.change.from == $0.change.to }
    return result
  }
}
