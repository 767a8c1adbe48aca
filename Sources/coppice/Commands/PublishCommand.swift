internal import HostSystem
internal import ImageModel
internal import JSONText
internal import ReleasePlanning

extension PublishOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let transfers = invocation.transfers(isDryRun ? .plain : progress)
    // A program that reads events gets its `done` whatever happens.
    defer { if !isDryRun { close(transfers, nil, isComplete: false) } }
    let workspace = try Workspace.checked(invocation)
    let releasing = try Releasing(workspace, only: destinations)
    let lock = isDryRun ? nil : try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock?.release() }
    if isTakingBack { return try await takeBack(releasing, transfers) }
    let selected = try workspace.select(targets)
    let rulings = try workspace.rulings(try workspace.decisions())
    let draft = try await releasing.draft(selected, countsBytes: true)
    let report = try ReleasePlanReport(
      draft, of: releasing, ReleaseReasons(draft, in: workspace), rulings: rulings)
    if !invocation.global.isQuiet { invocation.show(report.warnings) }
    if progress == .json {
      if isDryRun { invocation.show(report.json) }
    } else if !invocation.global.isQuiet {
      let text = report.text(style: invocation.style, showsUnchanged: invocation.global.isVerbose)
      invocation.output.write(text)
    }
    try report.checkReachable()
    if isDryRun { return .success }
    try check(report)
    guard report.hasWork || report.pending != nil else {
      close(transfers, nil)
      return .success
    }
    guard try invocation.agrees(to: "publish", isAgreed: isAgreed) else { return .failure }
    let release = try await releasing.publisher(transfers).publish(
      draft.parts(rulings), of: draft.lines, time: Host.now())
    if let release {
      let count = HumanText.count(release.entries.count, "name")
      transfers.tell("published \(count), releases/\(release.name).yaml")
    }
    close(transfers, release)
    return .success
  }

  private func close(_ transfers: TransferProgress, _ release: Release?, isComplete: Bool = true) {
    transfers.close([
      ("release", release.map { .string($0.name) } ?? .null), ("names", .integer(release?.entries.count ?? 0)),
      ("complete", .bool(isComplete)),
    ])
  }

  /// Half of a tree is never published silently.
  private func check(_ report: ReleasePlanReport) throws(Failure) {
    let unbuilt = report.work.filter(\.needsBuild)
    if let first = unbuilt.first {
      let ids = unbuilt.map(\.artifact.description).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      throw Failure(
        "\(HumanText.count(ids.count, "artifact")) must be built first: \(ids.joined(separator: ", "))",
        help: "run `coppice build \(first.artifact)` or `coppice build all`, or name what is to be published")
    }
    try report.checkUnmoved(overwrites: overwrites)
  }

  private func takeBack(_ releasing: Releasing, _ transfers: TransferProgress) async throws -> ExitCode {
    let invocation = releasing.workspace.invocation
    let pending = try releasing.history.pending()
    let releases = try releasing.history.releases()
    // What was taken back is not taken back again, and neither is what took it back.
    let undone = Set(releases.compactMap(\.undone))
    guard let release = pending ?? releases.last(where: { $0.undone == nil && !undone.contains($0.name) }) else {
      throw Failure("there is no release to take back", help: "`coppice releases` lists them")
    }
    // What had begun to take a release back goes on in its own direction.
    let isGoingOn = pending?.undone != nil
    if !invocation.global.isQuiet, progress != .json {
      for change in release.entries.reversed().map({ isGoingOn ? $0.change : $0.change.reversed }) {
        invocation.output.write("\(change.name) → \(change.to.map { "sha256:\($0.short)…" } ?? "nothing")\n")
      }
    }
    if isDryRun { return .success }
    guard try invocation.agrees(to: "take back", isAgreed: isAgreed) else { return .failure }
    let (back, staying) = try await releasing.publisher(transfers).takeBack(
      release, isPending: pending != nil, time: Host.now())
    invocation.show(
      staying.map { name in
        Diagnostic(
          .warning, "\(name) does not lead back: somebody else has it, or the registry takes no tags away",
          help: "look at it in the registry's own interface")
      })
    let what = pending == nil ? "the release \(release.name)" : "what had been published of a release"
    let count = back.entries.count { !staying.contains($0.change.name) }
    transfers.tell("took back \(what): \(HumanText.count(count, "name"))")
    close(transfers, back)
    return .success
  }
}
