internal import ImageModel

extension LintCheck {
  /// Images with other targets may share a Dockerfile.
  static let unneededStage = LintCheck(.unneededStage) { tree in
    let sharing = Dictionary(grouping: tree.allRecipes.map(\.dockerfile), by: \.file)
    return tree.images.flatMap { image in
      let all = sharing[image.recipe.dockerfile.file] ?? []
      // What a faulty Dockerfile needs is not known.
      guard !all.contains(where: { $0.diagnostics.contains { $0.severity == .error } }) else { return [Diagnostic]() }
      return image.recipe.dockerfile.stages.compactMap { stage in
        let isNeeded = all.contains { $0.stages.contains { $0.location == stage.location && $0.isNeeded } }
        if isNeeded { return nil }
        return Diagnostic(
          .note, stage.name.map { "nothing needs the stage '\($0)'" } ?? "nothing needs this stage",
          at: stage.location, help: "remove it, or name it as target of an image")
      }
    }
  }
}
