internal import BuildEngine
internal import BuildRecords
internal import ImageModel

extension StatusOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let selected = try workspace.select(targets)
    let plan = try workspace.plan(selected)
    // A generated file that is not current is the cause that one looks for; one that is current is nobody's concern.
    let generators = plan.order.filter { $0.kind == .generate && plan[$0]?.staleness != .current }
    let report = StatusReport(selected.union(generators).compactMap { id in plan[id].map { (id, $0.staleness) } })
    if isJSON {
      invocation.show(report.json)
    } else if !invocation.global.isQuiet {
      invocation.output.write(report.text(style: invocation.style, showsCurrent: invocation.global.isVerbose))
    }
    return hasExitCode && !report.isCurrent ? .workToDo : .success
  }
}
