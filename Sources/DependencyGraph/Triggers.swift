package import ImageModel

/// What `ONBUILD` of one image does to the build of another.
package enum Triggers {
  /// The recipes by id, those whose `FROM` names images with triggers read with them: what a trigger copies, it copies
  /// of the context of the build in which it fires, and only there. Of generated files each recipe keeps those that its
  /// build can see, which are its upstreams.
  /// - Parameter read: gives a recipe the reach that it has with triggers, by canonical reference of their image.
  package static func widened(
    _ recipes: [Recipe], in graph: BuildGraph, read: (ImageRecipe, [String: [String]]) -> ImageRecipe
  ) -> [ArtifactID: Recipe] {
    var result = Dictionary(uniqueKeysWithValues: recipes.map { ($0.id, $0) })
    for recipe in recipes {
      guard case .image(var image) = recipe else { continue }
      let uses = graph[image.id]?.uses ?? []
      image.generated = image.generated.filter { uses.contains($0.value) }
      result[image.id] = .image(image)
      guard case .selected = image.dockerfile.reach else { continue }
      let bases = (graph[image.id]?.resolution ?? []).compactMap { use, step -> (use: ImageUse, triggers: [String]?)? in
        guard use.role == .from, let step, case .image(let base)? = result[step] else { return nil }
        return base.dockerfile.triggers == [] ? nil : (use, base.dockerfile.triggers)
      }
      guard let first = bases.first else { continue }
      let known = bases.compactMap { base in base.triggers.map { (base.use.reference.canonical, $0) } }
      image = read(image, Dictionary(known) { first, _ in first })
      let reason = "what the ONBUILD instructions of \(first.use.reference) take cannot be known"
      if known.count < bases.count { image.dockerfile.reach = .whole(reason: reason) }
      if case .whole = image.dockerfile.reach {
        image.dockerfile.diagnostics.append(
          Diagnostic(
            .note, reason + ", so the whole context counts", at: first.use.location,
            help: "name what is not needed in .dockerignore", rule: .wholeContext))
      }
      result[image.id] = .image(image)
    }
    return result
  }
}
