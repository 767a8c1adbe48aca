internal import DockerfileText
package import ImageModel

extension ContextReader {
  /// What is wrong with the sources that the recipe's Dockerfile names, for a person: an error where no engine can build
  /// it, a warning where BuildKit copies nothing and the others fail.
  package func sourceFaults(of recipe: ImageRecipe, in snapshot: ContextSnapshot) throws -> [Diagnostic] {
    let missing = try missingSources(of: recipe, in: snapshot)
    return recipe.dockerfile.sources.compactMap { source in
      guard case .context(let selectors) = source.place, let first = selectors.first else { return nil }
      // Where engines differ in what it means, one of the meanings is enough.
      let isMissing = selectors.allSatisfy { selector in missing.contains { $0.selector == selector } }
      guard isMissing, let found = missing.first(where: { $0.selector == first }) else { return nil }
      return fault(of: source, found, recipe)
    }
  }

  private func fault(of source: DockerfileSource, _ missing: MissingSource, _ recipe: ImageRecipe) -> Diagnostic {
    let isPattern = missing.selector.isPattern
    let isTriggered = source.instruction.hasPrefix("ONBUILD ")
    let ignoreFile = recipe.ignore.name ?? ".dockerignore"
    func place(_ rule: IgnoreRule) -> String { rule.line.map { "line \($0) of \(ignoreFile)" } ?? ignoreFile }
    let (why, help): (String, String)
    switch missing.cause {
    case .ignored(let path, let rule):
      let name = String(decoding: path, as: UTF8.self)
      why = "is left out by '\(rule.pattern)', \(place(rule))"
      help = "write '!\(name)' below it, or remove it there"
    case .definition:
      (why, help) = ("is never part of a context", "copy a file of another name")
    case .absent where isPattern:
      (why, help) = (
        "matches nothing, at which all engines but BuildKit fail", "remove it, or add what it should match"
      )
    case .absent:
      why = "is not in the context"
      help = absenceHelp(missing.selector.pattern, recipe, place)
    }
    return Diagnostic(
      isPattern ? .warning : .error,
      "'\(source.text)'\(isTriggered ? ", which \(source.instruction) of this image takes," : "") \(why)",
      at: source.location, help: help, rule: .missingSource)
  }

  private func absenceHelp(_ name: String, _ recipe: ImageRecipe, _ place: (IgnoreRule) -> String) -> String {
    // What is made by templates and generators is nowhere on disk.
    let filter = ContextFilter(ignore: recipe.ignore, reach: .whole(reason: "asked of one path"))
    if let rule = filter.ignoreRule(deciding: Array(name.utf8)), !rule.isException {
      return "'\(rule.pattern)', \(place(rule)), would leave it out"
    }
    let neighbours = neighbours(of: FilePath(name), in: recipe.definition.directory)
    if let nearest = NearestSpelling.of(FilePath(name).name.description, among: neighbours) {
      return "did you mean '\(FilePath(name).parent.isEmpty ? nearest : "\(FilePath(name).parent)/\(nearest)")'?"
    }
    return "add it beside the Dockerfile, or have it made by generate:"
  }
}
