package import BuildRecords
package import DefinitionScan
package import DependencyGraph
package import ImageModel

/// What is known of a tree when it is judged.
package struct LintedTree: Sendable {
  package var definitions: DefinitionTree
  package var graph: BuildGraph
  /// Those that are looked at.
  package var images: [LintedImage]
  /// VM images that are looked at.
  package var machines: [MachineRecipe]
  /// The bases that have a digest.
  package var pins: Set<Lockfile.BaseKey>
  /// What the files that a build can see may have together.
  package var contextLimit: ByteCount

  package init(
    definitions: DefinitionTree, graph: BuildGraph, images: [LintedImage], machines: [MachineRecipe] = [],
    pins: Set<Lockfile.BaseKey>,
    contextLimit: ByteCount
  ) {
    self.definitions = definitions
    self.graph = graph
    self.images = images
    self.machines = machines
    self.pins = pins
    self.contextLimit = contextLimit
  }

  /// Every image of the tree, also those that are not looked at.
  var allRecipes: [ImageRecipe] {
    definitions.recipes.compactMap { if case .image(let recipe) = $0 { recipe } else { nil } }
  }

  func isLookedAt(_ definition: DefinitionSource) -> Bool {
    images.contains { $0.recipe.definition == definition } || machines.contains { $0.definition == definition }
  }
}

/// One image, with all that a rule may ask of it.
package struct LintedImage: Sendable {
  package var recipe: ImageRecipe
  package var node: BuildGraph.Node
  package var context: LintedContext

  package init(recipe: ImageRecipe, node: BuildGraph.Node, context: LintedContext) {
    self.recipe = recipe
    self.node = node
    self.context = context
  }
}
