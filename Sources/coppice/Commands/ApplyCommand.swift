internal import BuildEngine
internal import HostSystem
internal import ImageModel
internal import JSONText
internal import ReleasePlanning

extension ApplyOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let file = ReleasePlanFile(path: invocation.directory / FilePath(plan), files: workspace.files)
    let plan = try file.plan()
    let lock = isDryRun ? nil : try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock?.release() }
    var report = ApplyReport(plan: plan)
    defer { if isJSON { invocation.show(report.json) } }
    let (found, movements) = try PlanApplication.of(plan, in: workspace)
    report.movements = movements
    guard var application = found else { return refuse(report, invocation) }
    var check = try await application.check()
    report.movements = check.movements
    guard check.movements.isEmpty else { return refuse(report, invocation) }
    try application.checkPending()
    let lines = try ReleasePlanReport(
      check.draft, of: application.releasing, check.reasons, rulings: application.rulings, plan: check.now)
    report.builds = application.builds(check)
    report.lines = lines.work
    if !isJSON && !invocation.global.isQuiet {
      invocation.show(lines.warnings)
      invocation.output.write(lines.text(style: invocation.style, showsUnchanged: invocation.global.isVerbose))
    }
    try lines.checkUnmoved(overwrites: overwrites)
    guard lines.hasWork || lines.pending != nil else {
      report.isApplied = true
      tell("nothing is left to do", invocation)
      return .success
    }
    if isDryRun { return .success }
    guard try invocation.agrees(to: "apply", isAgreed: isAgreed) else { return .failure }

    if let summary = try await build(check, &application, invocation) {
      if summary.isInterrupted { return .interrupted }
      guard summary.count(.failed) == 0 else {
        throw Failure(
          "not everything could be built, so nothing was published",
          help: "mend it where that changes no definition, and apply again; else make the plan anew")
      }
      // A build may take hours: what it was for must still be so.
      check = try await application.check()
      report.movements = check.movements
      guard check.movements.isEmpty else { return refuse(report, invocation) }
      let still = application.builds(check)
      guard still.isEmpty else {
        throw Failure(
          "\(still.map(\.description).joined(separator: ", ")) is still not built",
          help: "look why with `coppice explain`, then make the plan anew")
      }
    }
    // Standard output is for the result alone.
    var shown = invocation
    if isJSON { shown.output = invocation.errorOutput }
    let transfers = shown.transfers(isJSON ? .plain : .auto)
    defer { transfers.close() }
    report.release = try await application.publish(check, transfers)
    report.isApplied = true
    transfers.close()
    if let release = report.release {
      tell("published \(HumanText.count(release.entries.count, "name")), releases/\(release.name).yaml", invocation)
    } else {
      tell("nothing was left to publish", invocation)
    }
    return .success
  }

  private func tell(_ line: String, _ invocation: Invocation) {
    if !isJSON && !invocation.global.isQuiet { invocation.output.write(line + "\n") }
  }

  private func build(
    _ check: PlanApplication.Check, _ application: inout PlanApplication, _ invocation: Invocation
  ) async throws -> BuildSummary? {
    try invocation.checkEngine()
    // Standard output is for the result alone.
    var told = invocation
    if isJSON { told.output = invocation.errorOutput }
    let reporter = told.reporter(isJSON ? .plain : .auto)
    defer { reporter.close() }
    return try await application.build(check, try BuildOptions(ParsedArguments()), reporter)
  }

  private func refuse(_ report: ApplyReport, _ invocation: Invocation) -> ExitCode {
    invocation.show(report.refusal)
    return .failure
  }
}
