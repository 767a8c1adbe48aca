internal import DefinitionScan
internal import ImageModel

extension LintCheck {
  /// YAML aliases let several images share a place: one that uses it is enough.
  static let unusedParameter = LintCheck(.unusedParameter) { tree in
    let used = Set(tree.definitions.entries.values.flatMap { $0.usedParameters.values })
    return tree.images.flatMap { image in
      let unused = tree.definitions.entries[image.recipe.id]?.unusedParameters ?? [:]
      return unused.compactMap { name, location -> Diagnostic? in
        if used.contains(location) { return nil }
        return Diagnostic(
          .note, "no template, name or tag uses the parameter '\(name)'", at: location,
          help: "remove it, or write %(\(name))s where it belongs")
      }
    }
  }
}
