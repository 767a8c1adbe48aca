internal import BuildEngine
internal import BuildRecords
internal import ImageModel

extension ExplainOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let report = if let build { try past(build, invocation) } else { try present(invocation) }
    if isJSON {
      invocation.show(report.json)
    } else {
      invocation.output.write(report.text(style: invocation.style, shown: invocation.diagnostics.shown))
    }
    return .success
  }

  /// From the plan; where an upstream was built already, from the journal.
  private func present(_ invocation: Invocation) throws -> ExplainReport {
    let workspace = try Workspace.checked(invocation)
    let id = try workspace.selectOne(target)
    let ledger = try workspace.ledger()
    let plan = try workspace.plan([id], ledger: ledger)
    let past = PastBuilds(workspace: workspace, entries: { try workspace.journal.entries() })
    let chain = try past.chain(from: id) { current in
      guard let step = plan[current], current == id || step.staleness != .current else { return nil }
      return PresentReasons(workspace: workspace, ledger: ledger).link(step)
    }
    return ExplainReport(id: id, state: plan[id].map { .init($0.staleness) } ?? .current, chain: chain)
  }

  /// From the journal: the entry of that build, and those that made the upstreams that it names. What definitions say
  /// today, right or wrong, has no part in it.
  private func past(_ build: Int, _ invocation: Invocation) throws -> ExplainReport {
    let workspace = try Workspace(invocation)
    let entries = try workspace.journal.entries()
    let id = try workspace.selectOne(target, past: Set(entries.map(\.id)))
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
