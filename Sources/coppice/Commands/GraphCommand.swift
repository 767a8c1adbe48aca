internal import BuildEngine
internal import DependencyGraph
internal import ImageModel

extension GraphOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let shown = workspace.withGenerators(try workspace.select(targets))
    let plan = try workspace.plan(shown)
    let view = GraphView(
      shown.compactMap { id in
        guard let node = workspace.graph[id] else { return nil }
        return GraphView.Node(
          id, state: plan[id].map { .init($0.staleness) }, uses: node.uses, orderOnly: node.orderOnly,
          bases: node.bases.map(\.reference.description))
      })
    switch format {
    case .tree: invocation.output.write(view.tree(style: invocation.style))
    case .dot: invocation.output.write(view.dot)
    case .mermaid: invocation.output.write(view.mermaid)
    case .json: invocation.show(view.json)
    }
    return .success
  }
}
