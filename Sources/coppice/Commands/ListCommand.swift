internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel

extension ListOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let selected = workspace.withGenerators(try workspace.select(targets))
    let report = ListReport(selected.compactMap { workspace.artifact($0, isForPrograms: isJSON) })
    if isJSON { invocation.show(report.json) } else { invocation.output.write(report.text(style: invocation.style)) }
    return .success
  }
}

extension Workspace {
  /// Generated files stand with the images that they are made for.
  func withGenerators(_ selected: Set<ArtifactID>) -> Set<ArtifactID> {
    selected.union(selected.flatMap { graph.uses(of: $0) }.filter { $0.kind == .generate })
  }

  fileprivate func artifact(_ id: ArtifactID, isForPrograms: Bool) -> ListReport.Artifact? {
    guard let node = graph[id], let definition = recipes[id]?.definition else { return nil }
    let hidden = tree.overridden.first { $0.path == definition.path }.map { "hides \($0.loser.directory)" }
    let origin = definition.origin == .repository ? nil : definition.origin.rawValue
    let place = isForPrograms ? definition.directory : invocation.diagnostics.shown(definition.directory)
    return ListReport.Artifact(
      id: id, definition: place.description, path: definition.path, uses: node.uses, orderOnly: node.orderOnly,
      bases: node.bases.map(\.reference.description), note: [origin, hidden].compactMap(\.self).joined(separator: ", "))
  }
}
