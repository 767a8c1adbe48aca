internal import BuildEngine
internal import BuildRecords
internal import DefinitionScan
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ReleasePlanning

/// Does what a plan says, in a repository whose lock is held.
struct PlanApplication {
  let plan: ReleasePlan
  let releasing: Releasing
  let selected: Set<ArtifactID>
  let rulings: [ArtifactID: Decisions.Ruling]
  /// What its builds have made so far.
  private(set) var record: ApplyRecord
  private let seal: Digest

  /// What the workspace is now, beside the plan.
  struct Check {
    var draft: ReleaseDraft
    var reasons: ReleaseReasons
    var now: ReleasePlan
    var movements: [Movement]
  }

  private var workspace: Workspace { releasing.workspace }
  private var recordPath: FilePath { workspace.stateDirectory / "apply.yaml" }

  /// - Returns: nil and what has moved, where not even the names of the plan are known any more.
  static func of(
    _ plan: ReleasePlan, in workspace: Workspace
  ) throws -> (application: PlanApplication?, movements: [Movement]) {
    let places = Set(workspace.settings.destinations.map(\.name))
    var movements = plan.destinations.filter { !places.contains($0.name) }.map {
      Movement(.destination, "coppice.yaml has no destination '\($0.name)' any more")
    }
    movements += plan.targets.filter { workspace.graph[$0] == nil }.map {
      Movement(.tree, "the tree has no \($0) any more")
    }
    guard movements.isEmpty else { return (nil, movements) }
    let seal = plan.seal
    let path = workspace.stateDirectory / "apply.yaml"
    let bytes = try workspace.files.contentsIfPresent(of: path, limit: 64 << 20)
    let known = bytes.flatMap { ApplyRecord(reading: $0, file: path) }
    let application = PlanApplication(
      plan: plan, releasing: try Releasing(workspace, only: plan.destinations.map(\.name)),
      selected: plan.targets.isEmpty ? try workspace.select([]) : Set(plan.targets),
      rulings: try workspace.rulings(plan.decisions),
      record: known.flatMap { $0.plan == seal ? $0 : nil } ?? ApplyRecord(plan: seal), seal: seal)
    return (application, [])
  }

  /// Compares the plan with the one that would be made now.
  func check() async throws -> Check {
    let draft = try await releasing.draft(selected, countsBytes: true)
    let reasons = ReleaseReasons(draft, in: workspace)
    let now = try ReleasePlanComposer(releasing: releasing, targets: plan.targets).plan(draft, reasons)
    let own = OwnChanges(
      records: try ownRecords(draft.ledger), switches: try releasing.history.switches(by: seal))
    return Check(draft: draft, reasons: reasons, now: now, movements: plan.movements(to: now, except: own))
  }

  /// A release that somebody else has begun would be completed by this one.
  func checkPending() throws {
    guard let pending = try releasing.history.pending(), pending.plan != seal || pending.undone != nil else { return }
    throw Failure(
      "a release that is not this plan's has begun and not ended",
      help: "complete it with `coppice publish` or take it back with --rollback, then make the plan anew")
  }

  /// What the journal says of the builds that were killed before they could say it themselves is true as well.
  private func ownRecords(_ ledger: Ledger) throws -> [ArtifactID: Digest] {
    var records = record.records
    guard !record.builds.isEmpty else { return records }
    for entry in try workspace.journal.entries() where record.builds.contains(entry.build) {
      guard let now = ledger[entry.id], now.fingerprint == entry.fingerprint, now.output.digest == entry.output else {
        continue
      }
      records[entry.id] = now.digest(of: entry.id)
    }
    return records
  }

  // MARK: Building

  /// What has to be built, but for what people hold back; in the order of building.
  func builds(_ check: Check) -> [ArtifactID] {
    let needed = Set(check.draft.lines.filter { $0.isWork && $0.needsBuild }.map(\.artifact))
    return check.draft.build.order.filter { needed.contains($0) && rulings[$0] == nil }
  }

  /// - Returns: nil when there was nothing to build.
  mutating func build(_ check: Check, _ options: BuildOptions, _ reporter: any BuildReporter) async throws
    -> BuildSummary?
  {
    let targets = builds(check)
    guard !targets.isEmpty else { return nil }
    record.builds.append(try workspace.journal.lastBuild() + 1)
    try write()
    let before = try workspace.ledger().lockfile.records
    defer { try? noteRecords(since: before) }
    return try await options.build(Set(targets), in: workspace, reporter)
  }

  /// Nobody else writes in the repository: what differs is ours.
  private mutating func noteRecords(since before: [ArtifactID: BuildRecord]) throws {
    for (id, made) in try workspace.ledger().lockfile.records where made != before[id] {
      record.records[id] = made.digest(of: id)
    }
    try write()
  }

  private func write() throws {
    try workspace.files.createDirectory(workspace.stateDirectory)
    try workspace.files.replace(recordPath, with: Array(record.text.utf8), mode: 0o644)
  }

  // MARK: Publishing

  /// - Returns: nil when there was nothing to switch.
  func publish(_ check: Check, _ transfers: TransferProgress) async throws -> Release? {
    try await releasing.publisher(transfers).publish(
      check.draft.parts(rulings), of: check.draft.lines, time: Host.now(), plan: seal)
  }
}
