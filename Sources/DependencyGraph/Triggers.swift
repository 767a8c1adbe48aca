package import ImageModel

/// What `ONBUILD` of one image does to the build of another.
package enum Triggers {
  /// The recipes by id, those whose `FROM` names an image with triggers widened: a trigger may copy anything of the
  /// context of the build in which it fires, and only there. Of generated files each recipe keeps those that its build
  /// can see, which are its upstreams.
  package static func widened(_ recipes: [Recipe], in graph: BuildGraph) -> [ArtifactID: Recipe] {
    var result = Dictionary(uniqueKeysWithValues: recipes.map { ($0.id, $0) })
    let triggering = Set(
      recipes.compactMap { recipe -> ArtifactID? in
        guard case .image(let image) = recipe, image.dockerfile.features.contains("onbuild") else { return nil }
        return image.id
      })
    for recipe in recipes {
      guard case .image(var image) = recipe else { continue }
      let uses = graph[image.id]?.uses ?? []
      image.generated = image.generated.filter { uses.contains($0.value) }
      result[image.id] = .image(image)
      guard case .selected = image.dockerfile.reach,
        let base = graph[image.id]?.resolution.lazy.compactMap({ use, step in
          use.role == .from && step.map(triggering.contains) == true ? use : nil
        }).first
      else { continue }
      image.dockerfile.reach = .whole(reason: "\(base.reference) has ONBUILD instructions")
      image.dockerfile.diagnostics.append(
        Diagnostic(
          .note, "\(base.reference) has ONBUILD instructions, so the whole context counts", at: base.location,
          help: "name what is not needed in .dockerignore", rule: .wholeContext))
      result[image.id] = .image(image)
    }
    return result
  }
}
