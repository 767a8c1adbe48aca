internal import BuildRecords
internal import ContentStore
internal import DefinitionScan
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import JSONText
internal import ReleasePlanning

/// Where a workspace is released to, and what was released before.
struct Releasing: Sendable {
  let workspace: Workspace
  let definitions: [DestinationDefinition]
  let destinations: [String: any Destination]
  let history: ReleaseHistory

  /// - Parameter only: names of destinations; none means all.
  /// - Throws: `InvalidInput` when there is no destination, or none of such a name, or names that two artifacts claim.
  init(_ workspace: Workspace, only: [String]) throws(InvalidInput) {
    try workspace.checkDestinations()
    self.workspace = workspace
    definitions = try workspace.destinations(named: only)
    let processes = PosixProcessRunner()
    var found: [String: any Destination] = [:]
    for definition in definitions { found[definition.name] = try workspace.destination(definition, processes) }
    destinations = found
    history = workspace.releaseHistory
  }

  private init(_ other: Releasing, _ destinations: [String: any Destination]) {
    workspace = other.workspace
    definitions = other.definitions
    self.destinations = destinations
    history = other.history
  }

  /// The same, with what a plan has seen in place of what destinations hold.
  func remembering(_ plan: ReleasePlan, _ ledger: Ledger) -> Releasing {
    Releasing(
      self,
      destinations.reduce(into: [:]) { $0[$1.key] = RememberedDestination($1.value, $1.key, in: plan, ledger) })
  }

  func publisher(_ transfers: TransferProgress) -> Publisher {
    // What is on its way, with its size.
    let sending = Locked<Transfer?>(nil)
    return Publisher(destinations: destinations, history: history) { event in
      switch event {
      case .uploading(let shipment, let destination, let bytes):
        let transfer = Transfer(way: .sending, what: "\(shipment.artifact)", place: destination, total: bytes)
        sending.withLock { $0 = transfer }
        transfers.begin(transfer)
      case .moved(_, _, let bytes): if let transfer = sending.withLock({ $0 }) { transfers.add(bytes, to: transfer) }
      case .uploaded: if let transfer = sending.withLock({ $0 }) { transfers.end(transfer) }
      case .switched(let change, let destination):
        let verb = change.to == nil ? "is gone from" : "is published at"
        transfers.tell(
          "\(change.name) \(verb) \(destination)",
          JSONObject([
            ("event", "switched"), ("name", .string(change.name)), ("destination", .string(destination)),
            ("digest", change.to.map { .string("\($0)") } ?? .null),
          ]))
      }
    }
  }
}

extension Workspace {
  var releaseHistory: ReleaseHistory {
    ReleaseHistory(
      directory: repository / "releases", pending: stateDirectory / "release.yaml", files: files)
  }

  func destination(
    _ definition: DestinationDefinition, _ processes: PosixProcessRunner
  ) throws(InvalidInput) -> any Destination {
    switch definition.place {
    case .registry:
      return RegistryDestination(
        store: store, files: files, processes: processes, environment: invocation.environment,
        parents: { id in Array(parents(of: id, at: definition).prefix(3)) },
        note: { [invocation] in if !invocation.global.isQuiet { invocation.show([$0]) } })
    case .directory(let path):
      return DirectoryDestination(root: path, store: store, images: settings.images, files: files)
    case .remote(let place, let options):
      return DirectoryDestination(
        try .written(place, invocation.environment), options, publisher: publisher, store: store,
        images: settings.images, files: files, processes: processes, environment: invocation.environment)
    }
  }

  /// Who publishes, for others to see: the same on each run.
  private var publisher: String {
    let bytes = (try? files.contents(of: "/proc/sys/kernel/hostname", limit: 256)) ?? []
    let host = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    let text = "\(invocation.variable("USER") ?? "coppice")@\(host):\(repository)"
    return String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init))
  }

  fileprivate func checkDestinations() throws(InvalidInput) {
    let all = settings.destinations
    guard !all.isEmpty else {
      throw InvalidInput([
        Diagnostic(
          .error, "there is no destination to publish to", at: SourceLocation(file: repository / "coppice.yaml"),
          help: "add one: destinations: {hub: {registry: docker.io}}")
      ])
    }
    guard tree.contestedAliases.isEmpty else {
      throw InvalidInput(
        tree.contestedAliases.map { alias in
          Diagnostic(
            .error,
            "the tag \(alias.reference) is claimed by \(alias.claimants.map(\.description).joined(separator: " and "))",
            help: "leave it to one of them: what is published under it must not depend on the order of files")
        })
    }
    for definition in all {
      guard case .directory(let path) = definition.place else { continue }
      let isWithin = path.isBelow(settings.images) || path.isBelow(stateDirectory)
      guard isWithin || [repository, settings.images, stateDirectory].contains(path) else { continue }
      throw InvalidInput([
        Diagnostic(
          .error, "the destination '\(definition.name)' is where coppice keeps what it builds", at: definition.location,
          help: "name a directory of its own, which others read")
      ])
    }
  }
}
