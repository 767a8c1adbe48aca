internal import BuildEngine
internal import BuildRecords
internal import DependencyGraph
internal import HostSystem
internal import ImageModel

extension FetchOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    guard try !workspace.destinations(named: sources).isEmpty else {
      throw InvalidInput([
        Diagnostic(
          .error, "there is no destination to fetch from",
          at: SourceLocation(file: workspace.repository / "coppice.yaml"),
          help: "add one: destinations: {hub: {registry: docker.io}}")
      ])
    }
    let selected = try workspace.select(targets)
    if isDryRun { return try await dryRun(selected, workspace) }
    let code = try await BuildOptions(fetching: self).run(invocation)
    guard code == .success else { return code }
    let left = try workspace.plan(selected).stale.filter(\.mayRun)
    for step in left where !invocation.global.isQuiet {
      let reason = step.staleness.reasons.first.map { ReasonText.line($0) } ?? ""
      invocation.output.write("\(step.id) must be built: \(reason)\n")
    }
    return left.isEmpty ? .success : .failure
  }

  /// What nobody has to make need not be had for others.
  private func dryRun(_ selected: Set<ArtifactID>, _ workspace: Workspace) async throws -> ExitCode {
    let invocation = workspace.invocation
    let found = try Substituting(workspace, only: self.sources) { event in
      if case .note(let diagnostic) = event { invocation.show([diagnostic]) }
    }
    guard let sources = found else { return .success }
    let (plan, ledger) = (try workspace.plan(selected), try workspace.ledger())
    let lost = plan.onlyLost
    var (missing, lines): (Set<ArtifactID>, [String]) = ([], [])
    for id in plan.order.reversed() {
      guard let step = plan[id], step.staleness != .current, !step.isRestorable,
        selected.contains(id) || workspace.graph.dependents(of: id).contains(where: missing.contains)
      else { continue }
      if lost.contains(id), let record = ledger[id], !record.output.isAssumed,
        let place = try await sources.place(of: id, record)
      {
        let size = record.output.size > 0 ? ", \(HumanText.bytes(record.output.size))" : ""
        lines.append("\(id) would be fetched from \(place)\(size)")
      } else {
        missing.insert(id)
        lines.append("\(id) must be built: \(step.staleness.reasons.first.map { ReasonText.line($0) } ?? "")")
      }
    }
    if !invocation.global.isQuiet {
      for line in lines.reversed() { invocation.output.write(line + "\n") }
      if lines.isEmpty { invocation.output.write("nothing is missing\n") }
    }
    return missing.isEmpty ? .success : .failure
  }
}
