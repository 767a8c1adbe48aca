package import ImageModel

/// What images of the tree have a say in when others are built from them: `ONBUILD` instructions and variables.
package struct TreeBases {
  private let graph: BuildGraph
  private let read: (ImageRecipe, [String: BaseConfig]) -> ImageRecipe
  private var recipes: [ArtifactID: Recipe]
  private var environments: [ArtifactID: ImageEnvironment] = [:]

  /// What counts of an image that others use, without the rest of its large recipe.
  private struct UsedImage {
    var use: ImageUse
    var id: ArtifactID
    var reference: ImageReference
    var triggers: [String]?
  }

  /// The recipes by id, those whose `FROM` names images with a say read with them: what a trigger copies, it copies of
  /// the context of the build in which it fires, and only there. Of generated files each recipe keeps those that its
  /// build can see, which are its upstreams.
  /// - Parameter read: reads a recipe with what is known of its bases, by canonical reference.
  package static func applied(
    to recipes: [Recipe], in graph: BuildGraph, read: @escaping (ImageRecipe, [String: BaseConfig]) -> ImageRecipe
  ) -> [ArtifactID: Recipe] {
    var bases = TreeBases(
      graph: graph, read: read, recipes: Dictionary(uniqueKeysWithValues: recipes.map { ($0.id, $0) }))
    bases.readEnvironments()
    for recipe in recipes { if case .image(let image) = recipe { bases.apply(to: image) } }
    return bases.recipes
  }

  private init(
    graph: BuildGraph, read: @escaping (ImageRecipe, [String: BaseConfig]) -> ImageRecipe,
    recipes: [ArtifactID: Recipe]
  ) {
    (self.graph, self.read, self.recipes) = (graph, read, recipes)
  }

  /// The images of the tree that a recipe uses.
  private func images(of id: ArtifactID) -> [UsedImage] {
    (graph[id]?.resolution ?? []).compactMap { use, step in
      guard let step, case .image(let image)? = recipes[step] else { return nil }
      return UsedImage(use: use, id: step, reference: image.reference, triggers: image.dockerfile.triggers)
    }
  }

  /// Those of them that `FROM` names.
  private func bases(of id: ArtifactID) -> [UsedImage] { images(of: id).filter { $0.use.role == .from } }

  private func hasSay(_ base: UsedImage, in image: ImageRecipe) -> Bool {
    base.triggers != []
      || !image.dockerfile.askedVariables.isEmpty
        && image.dockerfile.askedVariables[base.use.reference.canonical] != nil
  }

  /// The variables of images that have a say, which are few: most Dockerfiles name their files.
  private mutating func readEnvironments() {
    var wanted: Set<ArtifactID> = []
    var open = recipes.values.flatMap { recipe -> [ArtifactID] in
      guard case .image(let image) = recipe else { return [] }
      return bases(of: image.id).filter { hasSay($0, in: image) }.map(\.id)
    }
    while let id = open.popLast() {
      if wanted.insert(id).inserted { open += bases(of: id).map(\.id) }
    }
    if wanted.isEmpty { return }
    for id in graph.order where wanted.contains(id) {
      guard case .image(let image)? = recipes[id] else { continue }
      let bases = bases(of: id)
      let facts = bases.isEmpty ? image.dockerfile : read(image, configs(bases)).dockerfile
      let isKnown = bases.allSatisfy { $0.triggers != nil }
      environments[id] = isKnown ? facts.environment : ImageEnvironment(root: .unknown)
    }
  }

  private func configs(_ bases: [UsedImage]) -> [String: BaseConfig] {
    let configs = bases.map { base in
      let environment = environments[base.id] ?? ImageEnvironment(root: .unknown)
      return (
        base.use.reference.canonical,
        BaseConfig(triggers: base.triggers ?? [], environment: environment)
      )
    }
    return Dictionary(configs) { first, _ in first }
  }

  /// An image of the tree is the same one by whichever of its names the Dockerfile calls it.
  private func name(_ images: [UsedImage], in image: inout ImageRecipe) {
    for used in images {
      let written = written(used.use, in: image)
      let index = image.dockerfile.instructions.lastIndex { $0.location <= used.use.location }
      guard written != used.reference.description, let index,
        let counted = image.dockerfile.instructions[index].counted,
        let range = Self.range(of: written, as: used.use.role, in: counted)
      else { continue }
      var named = counted
      named.replaceSubrange(range, with: used.reference.description)
      image.dockerfile.instructions[index].counted = named
      let original = image.writtenInstructions.removeValue(forKey: counted) ?? counted
      // Of two that are written otherwise and count the same nobody knows which is meant.
      let isOnly = image.writtenInstructions[named].map { $0 == original } ?? true
      image.writtenInstructions[named] = isOnly ? original : named
    }
  }

  private func written(_ use: ImageUse, in image: ImageRecipe) -> String {
    String(decoding: image.dockerfile.text[use.range], as: UTF8.self)
  }

  /// Where an instruction names an image; nil where that is not certain. What `ONBUILD` keeps for other builds it keeps as
  /// it is written.
  private static func range(of name: String, as role: ImageUse.Role, in text: String) -> Range<String.Index>? {
    if role == .from {
      guard text.hasSuffix(" " + name) else { return nil }
      return text.index(text.endIndex, offsetBy: -name.count)..<text.endIndex
    }
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.first != "ONBUILD" else { return nil }
    // Only flags name images, each as a whole: what looks like one elsewhere is a path or the command's.
    for word in words.dropFirst().prefix(while: { $0.hasPrefix("--") }) {
      let isMount = word.hasPrefix("--mount=")
      let key = isMount ? "from=" : "--from="
      for field in isMount ? word.dropFirst(8).split(separator: ",") : [word] where field == key + name {
        return field.dropFirst(key.count).startIndex..<field.endIndex
      }
    }
    return nil
  }

  private mutating func apply(to recipe: ImageRecipe) {
    let images = images(of: recipe.id)
    let bases = images.filter { $0.use.role == .from && hasSay($0, in: recipe) }
    // Most images call others by their main tags, and their bases have no say: they stay as they are.
    if recipe.generated.isEmpty, bases.isEmpty,
      images.allSatisfy({ written($0.use, in: recipe) == $0.reference.description })
    {
      return
    }
    var image = recipe
    let uses = graph.uses(of: image.id)
    image.generated = image.generated.filter { uses.contains($0.value) }
    defer {
      name(images, in: &image)
      recipes[image.id] = .image(image)
    }
    guard let first = bases.first(where: { $0.triggers != [] }) ?? bases.first else { return }
    let wasSelected = if case .selected = image.dockerfile.reach { true } else { false }
    image = read(image, configs(bases))
    let reason =
      first.triggers == []
      ? "ENV of \(first.use.reference) decides what is taken, and is not known exactly"
      : "what the ONBUILD instructions of \(first.use.reference) take cannot be known"
    if bases.contains(where: { $0.triggers == nil }) {
      image.dockerfile.reach = .whole(reason: reason)
      image.dockerfile.countEverything()
    }
    let isNoted = image.dockerfile.diagnostics.contains { $0.rule == .wholeContext }
    if wasSelected, !isNoted, case .whole = image.dockerfile.reach {
      image.dockerfile.diagnostics.append(
        Diagnostic(
          .note, reason + ", so the whole context counts", at: first.use.location,
          help: "name what is not needed in .dockerignore", rule: .wholeContext))
    }
  }
}
