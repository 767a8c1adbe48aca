package import BuildRecords
package import DependencyGraph
package import ImageModel

/// Which variables of bases decide what Dockerfiles of the tree take: only these are kept with a pin. The rest is
/// nobody's business, least of all in a file that is committed.
package struct BaseQuestions: Sendable {
  private let images: [ImageRecipe]
  private let graph: BuildGraph

  package init(_ recipes: [ArtifactID: Recipe], in graph: BuildGraph) {
    images = recipes.values.compactMap { if case .image(let image) = $0 { image } else { nil } }
    self.graph = graph
  }

  /// The pin, with the answers.
  package func pin(_ base: ResolvedBase, of key: Lockfile.BaseKey) -> PinnedBase {
    var pin = base.pin
    guard let environment = base.environment else { return pin }
    for name in names(key, base.pin.onBuild) where name.utf8.count < 256 {
      let value = environment[name]
      // Who commits a lockfile does not expect a secret in it; what has no answer is looked at before the build.
      if let value, SecretSign.mayBeVariable(name) || value.utf8.count > 4096 { continue }
      pin.environment.updateValue(value, forKey: name)
    }
    return pin
  }

  private func names(_ key: Lockfile.BaseKey, _ triggers: [String]) -> Set<String> {
    var names: Set<String> = []
    for image in images where image.platform == key.platform {
      var image = image
      if !triggers.isEmpty, graph[image.id]?.bases.contains(where: { $0.reference.canonical == key.reference }) == true
      {
        let base = BaseConfig(triggers: triggers, environment: ImageEnvironment(root: .image(key.reference)))
        image = BaseReading.recipe(image, with: [key.reference: base])
      }
      for (reference, asked) in image.dockerfile.askedVariables {
        let environment = image.bases[reference]?.environment ?? ImageEnvironment(root: .image(reference))
        guard environment.root == .image(key.reference) else { continue }
        for name in asked { names.formUnion(environment.names(behind: name)) }
      }
    }
    return names
  }
}
