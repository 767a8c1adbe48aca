internal import ImageModel
internal import ReleasePlanning

extension PlanOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let selected = try workspace.select(targets)
    let releasing = try Releasing(workspace, only: destinations)
    let plan = try await releasing.plan(selected, countsBytes: true)
    let report = ReleasePlanReport(plan, of: releasing, pending: try releasing.history.pending())
    if isJSON {
      invocation.show(report.json)
    } else if !invocation.global.isQuiet {
      invocation.show(report.warnings)
      invocation.output.write(report.text(style: invocation.style, showsUnchanged: invocation.global.isVerbose))
    }
    return hasExitCode && report.hasWork ? .workToDo : .success
  }
}
