internal import BuildEngine
internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

extension StatusOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let selected = try workspace.select(targets)
    let plan = try workspace.plan(selected)
    // What a selected image has generated belongs to it; further up, only what is not current is a cause to look for.
    let own = Set(selected.flatMap { workspace.graph.uses(of: $0) })
    let generators = plan.order.filter {
      $0.kind == .generate && (own.contains($0) || plan[$0]?.staleness != .current)
    }
    let report = StatusReport(selected.union(generators).compactMap { id in plan[id].map { (id, $0.staleness) } })
    if isJSON {
      invocation.show(report.json)
    } else if !invocation.global.isQuiet {
      invocation.output.write(report.text(style: invocation.style, showsCurrent: invocation.global.isVerbose))
    }
    return hasExitCode && !report.isCurrent ? .workToDo : .success
  }
}
