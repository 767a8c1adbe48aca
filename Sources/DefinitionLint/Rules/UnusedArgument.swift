internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel

extension LintCheck {
  static let unusedArgument = LintCheck(.unusedArgument) { tree in
    let triggering = Set(tree.definitions.declarations.filter(\.hasTriggers).map(\.id))
    return tree.images.flatMap { image -> [Diagnostic] in
      // A trigger may be an ARG.
      let hasTriggers = image.node.resolution.contains { use, step in
        use.role == .from && step.map(triggering.contains) == true
      }
      if hasTriggers { return [] }
      let known = image.recipe.dockerfile.arguments
      let places = tree.definitions.entries[image.recipe.id]?.buildArguments ?? [:]
      return places.compactMap { name, location in
        guard !known.contains(name), !PredefinedArguments.contain(name) else { return nil }
        let nearest = NearestSpelling.of(name, among: known.sorted())
        return Diagnostic(
          .warning, "no ARG takes the argument '\(name)'", at: location,
          help: nearest.map { "did you mean '\($0)'?" }
            ?? "write ARG \(name) in the stage that needs it, or remove it from build_args")
      }
    }
  }
}
