internal import ImageModel

/// Expands words of one Dockerfile and tells what is wrong with them.
struct WordExpander {
  let source: SourceText
  let escape: UInt8
  let budget = ReadingBudget()

  struct Problem: Error {
    var diagnostic: Diagnostic
  }

  func expand(_ word: MappedText, in scope: Scope) -> Result<ShellWord.Expansion, ShellWord.Fault> {
    var origins: Set<String> = []
    return expand(word, in: scope, origins: &origins)
  }

  /// - Parameter origins: gets the variables of the base image that decide the text, also where it fails.
  func expand(
    _ word: MappedText, in scope: Scope, origins: inout Set<String>
  ) -> Result<ShellWord.Expansion, ShellWord.Fault> {
    let lexer = ShellWord(word.text, escape: Unicode.Scalar(escape), variables: .scope(scope), budget: budget)
    var found: Set<String> = []
    let result = Result { () throws(ShellWord.Fault) in try lexer.expand(origins: &found) }
    guard found.isEmpty || budget.spend(found.count) else { return .failure(.syntax(ReadingBudget.fault)) }
    origins.formUnion(found)
    return result
  }

  func diagnostic(_ fault: ShellWord.Fault, at word: MappedText) -> Diagnostic {
    switch fault {
    case .syntax(let why):
      source.diagnostic(.error, "'\(word.text)' cannot be expanded: \(why)", at: word.start)
    case .required(let name, let message):
      source.diagnostic(
        .error, "\(name): \(message)", at: word.start, help: "give \(name) a value by ARG or as a build argument")
    case .unknown(let name, let reason):
      source.diagnostic(
        .error, "the value of '\(name)' cannot be known: \(reason)", at: word.start,
        help: "give \(name) a value by ARG or ENV in this Dockerfile")
    }
  }

  /// The image that an expanded word names; fails when it is no reference.
  func use(
    _ expansion: ShellWord.Expansion, of word: MappedText, role: ImageUse.Role
  ) -> Result<ImageUse, Problem> {
    do {
      let reference = try ImageReference(expansion.text)
      return .success(
        ImageUse(reference: reference, role: role, location: source.location(at: word.start), range: word.range))
    } catch {
      return .failure(Problem(diagnostic: fault(error, expansion, word)))
    }
  }

  private func fault(
    _ fault: ImageReference.Fault, _ expansion: ShellWord.Expansion, _ word: MappedText
  ) -> Diagnostic {
    if !expansion.missing.isEmpty {
      return source.diagnostic(
        .error, "'\(word.text)' names no image: \(StageList.noValue(expansion.missing))", at: word.start,
        help: StageList.giveValue)
    }
    let shown = expansion.text == word.text ? "'\(word.text)'" : "'\(expansion.text)' (from '\(word.text)')"
    let why =
      switch fault {
      case .empty: "it is empty"
      case .component(let text) where text.contains(where: \.isUppercase): "'\(text)' has upper-case letters"
      case .component(let text): text.isEmpty ? "a part of its name is empty" : "'\(text)' is no part of a name"
      case .tag(let tag): "'\(tag)' is no tag"
      case .digest(let digest): Digest.fault(digest)
      case .registry(let registry): "'\(registry)' is no registry"
      case .tooLong: "its name is longer than 255 characters"
      }
    return source.diagnostic(.error, "\(shown) is no image reference: \(why)", at: word.start)
  }
}
