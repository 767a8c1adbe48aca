internal import ImageModel

/// What one definition makes, before it is compared with others.
struct LoadedDefinition: Sendable {
  var images: [LoadedImage] = []
  var generators: [GeneratorRecipe] = []
  var diagnostics: [Diagnostic] = []
}

/// An image with what is needed to compare it with others.
struct LoadedImage: Sendable {
  var recipe: ImageRecipe
  /// With their places, in the order of `recipe.aliases`.
  var aliases: [Located<ImageReference>]
  /// Declared dependencies, as directories of the overlay.
  var dependencies: [Located<String>]
  var outputs: ReachedOutputs
  var entry: ImageEntry
  /// The file that declares it, for messages that show a line of it.
  var definition: [UInt8]
}
