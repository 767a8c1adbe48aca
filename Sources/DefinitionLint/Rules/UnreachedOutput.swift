internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel

extension LintCheck {
  static let unreachedOutput = LintCheck(.unreachedOutput) { tree in
    tree.definitions.recipes.compactMap { recipe in
      guard case .generator(let generator) = recipe, tree.isLookedAt(generator.definition),
        tree.graph.dependents(of: generator.id).isEmpty
      else { return nil }
      return Diagnostic(
        .warning, "no instruction can reach '\(generator.output)', so nothing is rebuilt for it",
        at: generator.location, help: "COPY it, take it out of .dockerignore, or remove the generator")
    }
  }
}
