internal import BuildEngine
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
    let code = try await BuildOptions(fetching: self).run(invocation)
    guard code == .success else { return code }
    let left = try workspace.plan(selected).stale.filter(\.mayRun)
    for step in left where !invocation.global.isQuiet {
      let reason = step.staleness.reasons.first.map { ReasonText.line($0) } ?? ""
      invocation.output.write("\(step.id) must be built: \(reason)\n")
    }
    return left.isEmpty ? .success : .failure
  }
}
