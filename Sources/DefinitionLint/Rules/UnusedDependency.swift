internal import DependencyGraph
internal import ImageModel

extension LintCheck {
  static let unusedDependency = LintCheck(.unusedDependency) { tree in
    let machines = tree.machines.compactMap { tree.graph[$0.id] }
    return (tree.images.map(\.node) + machines).flatMap { node in
      let used = node.uses.compactMap { tree.graph[$0]?.definitionPath }
      // One without a definition below it has a rule of its own.
      let ordered = used + node.orderOnly.compactMap { tree.graph[$0]?.definitionPath }
      return Dependencies.declared(by: node.id, in: tree).compactMap { dependency -> Diagnostic? in
        func isBelow(_ path: String) -> Bool { Dependencies.isBelow(path, dependency.value) }
        guard !used.contains(where: isBelow), ordered.contains(where: isBelow) else { return nil }
        return Diagnostic(
          .note, "no image below '\(dependency.value)' is used", at: dependency.location,
          help: "it only orders the builds; remove it if that is not meant")
      }
    }
  }
}
