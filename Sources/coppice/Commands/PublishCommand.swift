internal import BuildEngine
internal import HostSystem
internal import ImageModel
internal import ReleasePlanning

extension PublishOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let releasing = try Releasing(workspace, only: destinations)
    let lock = isDryRun ? nil : try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock?.release() }
    if isTakingBack { return try await takeBack(releasing) }
    let selected = try workspace.select(targets)
    let plan = try await releasing.plan(selected, countsBytes: true)
    let report = ReleasePlanReport(plan, of: releasing, pending: try releasing.history.pending())
    if !invocation.global.isQuiet {
      invocation.show(report.warnings)
      invocation.output.write(report.text(style: invocation.style, showsUnchanged: invocation.global.isVerbose))
    }
    if isDryRun { return .success }
    try check(plan)
    guard report.hasWork || report.pending != nil else { return .success }
    guard try agrees(invocation) else { return .failure }
    let publisher = publisher(releasing)
    guard let release = try await publisher.publish(plan.parts, of: plan.lines, time: Host.now()) else {
      return .success
    }
    if !invocation.global.isQuiet {
      invocation.output.write(
        "published \(HumanText.count(release.entries.count, "name")), releases/\(release.name).yaml\n")
    }
    return .success
  }

  /// Half of a tree is never published silently.
  private func check(_ plan: Releasing.Plan) throws(Failure) {
    let unbuilt = plan.lines.filter(\.needsBuild)
    if let first = unbuilt.first {
      let ids = unbuilt.map(\.artifact.description).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      throw Failure(
        "\(HumanText.count(ids.count, "artifact")) must be built first: \(ids.joined(separator: ", "))",
        help: "run `coppice build \(first.artifact)` or `coppice build all`, or name what is to be published")
    }
    let moved = plan.lines.filter(\.isWork).flatMap(\.moved)
    guard moved.isEmpty || overwrites else {
      throw Failure(
        "somebody else has moved \(moved.joined(separator: ", ")) since the last release",
        help: "look what it is; --overwrite publishes all the same")
    }
  }

  private func agrees(_ invocation: Invocation) throws(InvalidInput) -> Bool {
    if isAgreed { return true }
    guard invocation.isOutputTerminal else {
      throw InvalidInput([
        Diagnostic(.error, "nobody can be asked whether to publish", help: "say --yes, or look with --dry-run first")
      ])
    }
    invocation.output.write("\(isTakingBack ? "take back" : "publish")? [y/N] ")
    let isAgreed = ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    if !isAgreed { invocation.output.write("nothing was changed\n") }
    return isAgreed
  }

  private func publisher(_ releasing: Releasing) -> Publisher {
    let invocation = releasing.workspace.invocation
    return Publisher(destinations: releasing.destinations, history: releasing.history) { event in
      guard !invocation.global.isQuiet else { return }
      switch event {
      case .uploading(let shipment, let destination):
        invocation.output.write("sending \(shipment.artifact) to \(destination)\n")
      case .uploaded: break
      case .switched(let change, let destination):
        let verb = change.to == nil ? "is gone from" : "is published at"
        invocation.output.write("\(change.name) \(verb) \(destination)\n")
      }
    }
  }

  private func takeBack(_ releasing: Releasing) async throws -> ExitCode {
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
    if !invocation.global.isQuiet {
      for change in release.entries.reversed().map({ isGoingOn ? $0.change : $0.change.reversed }) {
        invocation.output.write("\(change.name) → \(change.to.map { "sha256:\($0.short)…" } ?? "nothing")\n")
      }
    }
    if isDryRun { return .success }
    guard try agrees(invocation) else { return .failure }
    let (back, staying) = try await publisher(releasing).takeBack(
      release, isPending: pending != nil, time: Host.now())
    invocation.show(
      staying.map { name in
        Diagnostic(
          .warning, "\(name) does not lead back: somebody else has it, or the registry takes no tags away",
          help: "look at it in the registry's own interface")
      })
    if !invocation.global.isQuiet {
      let what = pending == nil ? "the release \(release.name)" : "what had been published of a release"
      let count = back.entries.count { !staying.contains($0.change.name) }
      invocation.output.write("took back \(what): \(HumanText.count(count, "name"))\n")
    }
    return .success
  }
}
