internal import BuildEngine
internal import BuildRecords
internal import ImageModel

extension ExplainOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let id = try workspace.selectOne(target)
    let report = try build.map { try past($0, id, workspace) } ?? present(id, workspace)
    if isJSON {
      invocation.show(report.json)
    } else {
      invocation.output.write(report.text(style: invocation.style, shown: invocation.diagnostics.shown))
    }
    return .success
  }

  /// From the plan; where an upstream was built already, from the journal.
  private func present(_ id: ArtifactID, _ workspace: Workspace) throws -> ExplainReport {
    let ledger = try workspace.ledger()
    let plan = try workspace.plan([id], ledger: ledger)
    let past = PastBuilds(workspace: workspace, entries: { try workspace.journal.entries() })
    let chain = try past.chain(from: id) { current in
      guard let step = plan[current], current == id || step.staleness != .current else { return nil }
      return PresentReasons(workspace: workspace, ledger: ledger).link(step)
    }
    return ExplainReport(id: id, state: plan[id].map { .init($0.staleness) } ?? .current, chain: chain)
  }

  /// From the journal: the entry of that build, and those that made the upstreams that it names.
  private func past(_ build: Int, _ id: ArtifactID, _ workspace: Workspace) throws -> ExplainReport {
    let entries = try workspace.journal.entries()
    guard let entry = entries.last(where: { $0.build == build && $0.id == id }) else {
      throw InvalidInput([
        Diagnostic(
          .error, "build \(build) did not run \(id)", help: "'coppice history \(id)' lists the builds that did")
      ])
    }
    let past = PastBuilds(workspace: workspace, entries: { entries })
    let chain = try past.chain(from: id) { $0 == id ? past.link(entry) : nil }
    return ExplainReport(
      id: id, state: .stale, chain: chain, past: (build, StepOutcome(rawValue: entry.outcome) ?? .built),
      nearMiss: entry.nearMiss)
  }
}
