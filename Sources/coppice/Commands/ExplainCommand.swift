internal import BuildEngine
internal import BuildRecords
internal import ImageModel

extension ExplainOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let id = try workspace.selectOne(target)
    let report = try build.map { try past($0, id, workspace) } ?? present(id, try workspace.plan([id]))
    if isJSON { invocation.show(report.json) } else { invocation.output.write(report.text(style: invocation.style)) }
    return .success
  }

  private func present(_ id: ArtifactID, _ plan: BuildPlan) -> ExplainReport {
    ExplainReport(
      id: id, state: plan[id].map { .init($0.staleness) } ?? .current,
      chain: plan.chain(from: id).map { .init(id: $0.id, reasons: $0.staleness.reasons) })
  }

  /// From the journal: the entry of that build, and those of the upstreams that it names.
  private func past(_ build: Int, _ id: ArtifactID, _ workspace: Workspace) throws -> ExplainReport {
    let entries = try workspace.journal.entries().filter { $0.build == build }
    guard entries.contains(where: { $0.id == id }) else {
      throw InvalidInput([
        Diagnostic(
          .error, "build \(build) did not run \(id)", help: "'coppice history \(id)' lists the builds that did")
      ])
    }
    var chain: [ExplainReport.Link] = []
    var next: ArtifactID? = id
    while let current = next, let entry = entries.last(where: { $0.id == current }),
      !chain.contains(where: { $0.id == current })
    {
      chain.append(.init(id: current, reasons: entry.reasons))
      next = entry.reasons.cause
    }
    let outcome = entries.last { $0.id == id }.flatMap { StepOutcome(rawValue: $0.outcome) } ?? .built
    let nearMiss = entries.last { $0.id == id }?.nearMiss ?? []
    return ExplainReport(id: id, state: .stale, chain: chain, past: (build, outcome), nearMiss: nearMiss)
  }
}
