package import ImageModel

/// What the overlay of all search directories defines.
package struct DefinitionTree: Sendable {
  /// Two definitions at the same relative path.
  package struct Override: Sendable, Hashable {
    package var path: String
    package var winner: DefinitionSource
    package var loser: DefinitionSource
  }

  /// An alias that several artifacts declare: the last in path order has it, `publish` refuses.
  package struct ContestedAlias: Sendable, Hashable {
    package var reference: ImageReference
    /// In path order; the last has it unless an artifact's main tag is the same.
    package var claimants: [ArtifactID]
  }

  /// Every definition that counts, sorted by path.
  package var definitions: [DefinitionSource] = []
  /// Sorted by id.
  package var recipes: [Recipe] = []
  /// Of the same ids in the same order.
  package var declarations: [StepDeclaration] = []
  /// What the entries of images say, and where.
  package var entries: [ArtifactID: ImageEntry] = [:]
  package var overridden: [Override] = []
  package var contestedAliases: [ContestedAlias] = []
  /// Faults and warnings of all files, sorted by file and line.
  package var diagnostics: [Diagnostic] = []

  package init() {}

  /// - Complexity: logarithmic.
  package func declaration(of id: ArtifactID) -> StepDeclaration? {
    var (low, high) = (0, declarations.count)
    while low < high {
      let middle = (low + high) / 2
      if declarations[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < declarations.count && declarations[low].id == id ? declarations[low] : nil
  }

  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// Whether `all` selects what a recipe makes: what is defined outside of the builtin share, or, where there is no other,
  /// the builtin images. A builtin VM image takes long, and is made when somebody names it, or derives one from it.
  package func isDefaultSelection(_ recipe: Recipe) -> Bool {
    if recipe.definition.origin != .builtin { return true }
    if case .machine = recipe { return false }
    return definitions.allSatisfy { $0.origin == .builtin }
  }
}
