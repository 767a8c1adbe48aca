internal import ImageModel
internal import YAMLText

/// Finds artifacts that claim the same name.
struct NameConflicts {
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var contested: [DefinitionTree.ContestedAlias] = []

  /// The images without those whose id an earlier one has, aliases left to the last that declares them.
  ///
  /// - Parameter images: in path order.
  mutating func settle(_ images: [LoadedImage]) -> [LoadedImage] {
    var kept = withoutRepeatedIDs(images)
    checkFileNames(kept)
    settleAliases(&kept)
    return kept
  }

  private mutating func withoutRepeatedIDs(_ images: [LoadedImage]) -> [LoadedImage] {
    var first: [ArtifactID: SourceLocation] = [:]
    return images.filter { image in
      guard let other = first[image.recipe.id] else {
        first[image.recipe.id] = image.recipe.location
        return true
      }
      report(.error, "\(image.recipe.id) is declared twice, first at \(other)", image, image.recipe.location)
      return false
    }
  }

  private mutating func checkFileNames(_ images: [LoadedImage]) {
    var first: [String: LoadedImage] = [:]
    for image in images where image.recipe.singularity != nil {
      let name = ConversionRecipe.fileName(of: image.recipe.id)
      guard let other = first.updateValue(image, forKey: name) else { continue }
      report(
        .error,
        "\(image.recipe.id) and \(other.recipe.id), at \(other.recipe.location), would both be converted to '\(name)'",
        image, image.recipe.location)
    }
  }

  private mutating func settleAliases(_ images: inout [LoadedImage]) {
    var mains: [ImageReference: ArtifactID] = [:]
    for image in images { mains[image.recipe.reference] = image.recipe.id }
    var claims: [ImageReference: [(image: Int, location: SourceLocation)]] = [:]
    for (index, image) in images.enumerated() {
      for alias in image.aliases { claims[alias.value, default: []].append((index, alias.location)) }
    }
    let disputes = claims.filter { $0.value.count > 1 || mains[$0.key] != nil }
    for (reference, claimants) in disputes.sorted(by: { $0.key.description < $1.key.description }) {
      let main = mains[reference]
      guard let last = claimants.last else { continue }
      let owner = main ?? images[last.image].recipe.id
      contested.append(
        DefinitionTree.ContestedAlias(
          reference: reference, claimants: claimants.map { images[$0.image].recipe.id } + (main.map { [$0] } ?? [])))
      for claimant in claimants where images[claimant.image].recipe.id != owner {
        report(
          .warning, "the alias \(reference) is declared by \(owner) as well, which gets it", images[claimant.image],
          claimant.location, help: "remove it from one of them", rule: .contestedAlias)
        images[claimant.image].aliases.removeAll { $0.value == reference }
        images[claimant.image].recipe.aliases.removeAll { $0 == reference }
      }
    }
  }

  private mutating func report(
    _ severity: Diagnostic.Severity, _ message: String, _ image: LoadedImage, _ location: SourceLocation,
    help: String? = nil, rule: LintRule? = nil
  ) {
    let source = SourceText(image.definition, file: image.recipe.location.file)
    diagnostics.append(
      source.diagnostic(
        severity, message, line: location.line, column: location.column, help: help, rule: rule))
  }
}
