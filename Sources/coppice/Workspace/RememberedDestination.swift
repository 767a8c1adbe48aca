internal import BuildRecords
internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel
internal import ReleasePlanning

/// A destination as a plan saw it last, without asking it again: what is told of it may be out of date, and `apply` looks.
struct RememberedDestination: Destination {
  private let real: any Destination
  private let seen: [String: PublishedVersion]
  private let problem: String?

  /// - Parameter ledger: what was kept as it is was the recorded output, in whatever wrapping.
  init(_ real: any Destination, _ name: String, in plan: ReleasePlan, _ ledger: Ledger) {
    self.real = real
    problem = plan.destinations.first { $0.name == name }?.problem
    let recorded = Dictionary(plan.sources.map { ($0.artifact, $0.recorded) }) { first, _ in first }
    var seen: [String: PublishedVersion] = [:]
    for line in plan.lines where line.destination == name {
      let record = ledger[line.artifact]
      let isSame = record.map { $0.digest(of: line.artifact) == recorded[line.artifact] } ?? false
      let output = line.action == .keep && isSame ? record?.output.digest : nil
      for name in line.names { seen[name.name] = name.from.map { PublishedVersion(digest: $0, output: output) } }
    }
    self.seen = seen
  }

  func published(_ names: [String: Digest?]) async throws -> [String: PublishedVersion] {
    if let problem { throw Failure(problem) }
    return seen.filter { names.keys.contains($0.key) }
  }

  func target(of shipment: Shipment) throws -> Digest { try real.target(of: shipment) }

  func missingBytes(of shipments: [Shipment]) async throws -> [Int] { throw Self.offline }

  func hold() async throws -> (any DestinationHold)? { throw Self.offline }

  func upload(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws { throw Self.offline }

  func perform(_ switches: [NameSwitch], switched: @Sendable (NameSwitch) -> Void) async throws -> [String] {
    throw Self.offline
  }

  private static let offline = Failure("what is only remembered cannot be published to")
}

extension Workspace {
  /// Brings the plan at the root of the repository, if there is one, up to date with what was built.
  func refreshReleasePlan() async {
    do {
      try await replanned()
    } catch {
      // What was built is built: this is no failure of the build.
      invocation.show([
        Diagnostic(
          .warning, "\(releasePlanFile.path) was not brought up to date",
          help: "`coppice plan --out release_plan.yaml` tells why")
      ])
    }
  }

  private func replanned() async throws {
    let file = releasePlanFile
    guard try file.isPlan(), !settings.destinations.isEmpty else { return }
    let old = try file.plan()
    let names = old.destinations.map(\.name).filter { name in settings.destinations.contains { $0.name == name } }
    guard !names.isEmpty, old.targets.allSatisfy({ graph[$0] != nil }) else { return }
    let releasing = try Releasing(self, only: names).remembering(old, try ledger())
    let selected = old.targets.isEmpty ? try select([]) : Set(old.targets)
    let draft = try await releasing.draft(selected, countsBytes: false)
    var plan = try ReleasePlanComposer(releasing: releasing, targets: old.targets).plan(
      draft, ReleaseReasons(draft, in: self))
    plan.decisions = old.decisions
    try file.write(plan)
  }
}
