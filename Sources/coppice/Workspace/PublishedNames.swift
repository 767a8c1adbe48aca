internal import DependencyGraph
internal import ImageModel

/// Under which names artifacts are published.
extension Workspace {
  /// Names of what an image is made from, the nearest first, as far as it is published at the same place.
  func parents(of id: ArtifactID, at definition: DestinationDefinition) -> [String] {
    var found: [String] = []
    var next = graph.uses(of: id)
    // Many ways may lead to one of them.
    var known = Set(next)
    while !next.isEmpty {
      found += next.compactMap { publishedNames(of: $0, at: definition).first }
      next = next.flatMap { graph.uses(of: $0) }.filter { known.insert($0).inserted }
    }
    return found
  }

  /// The image that a SIF is made of.
  func imageBehind(_ id: ArtifactID) -> ArtifactID? {
    if case .conversion(let recipe)? = recipes[id] { recipe.image } else { nil }
  }

  /// Of the file that is published; of a VM image in several formats that is the first.
  private func fileName(of id: ArtifactID) -> String {
    if case .machine(let recipe)? = recipes[id] { return recipe.fileName(recipe.formats.first ?? .vdi) }
    return ConversionRecipe.fileName(of: id)
  }

  private func image(of id: ArtifactID) -> ImageRecipe? {
    if case .image(let recipe)? = recipes[imageBehind(id) ?? id] { recipe } else { nil }
  }

  private func visibility(of id: ArtifactID) -> ImageRecipe.Visibility? {
    if case .machine(let recipe)? = recipes[id] { recipe.visibility } else { image(of: id)?.visibility }
  }

  func isPublished(_ id: ArtifactID, at definition: DestinationDefinition) -> Bool {
    guard definition.kinds.contains(id.kind), let visibility = visibility(of: id) else { return false }
    return definition.visibilities.contains(visibility)
  }

  /// The names that an artifact has, or would have, at a destination, the main one first.
  func publishedNames(of id: ArtifactID, at definition: DestinationDefinition) -> [String] {
    guard isPublished(id, at: definition) else { return [] }
    switch definition.place {
    case .directory, .remote: return [fileName(of: id)]
    case .registry(let host, let path):
      guard let image = image(of: id) else { return [] }
      return ([image.reference] + image.aliases).map { reference in
        var name = reference
        name.registry = host
        if let path { name.repository = path + "/" + image.id.name }
        if id.kind == .sif { name.tag = reference.tag.map { $0 + "-sif" } }
        return name.description
      }
    }
  }
}

extension DestinationDefinition {
  /// What is published where, in words that change with the definition.
  /// - Parameters:
  ///   - repository: directories are told from there, since a repository may move.
  ///   - environment: may name the place of casa_distro.
  func words(in repository: FilePath, _ environment: [String: String]) throws(InvalidInput) -> String {
    let spot =
      switch place {
      case .registry(let host, let path): "registry " + host + (path.map { "/\($0)" } ?? "")
      case .directory(let path): "directory \(path.relative(to: repository) ?? path)"
      case .remote(let place, let options):
        (["rsync \(try RemotePlace.written(place, environment))"] + (options.port.map { ["port \($0)"] } ?? [])
          + options.words)
          .joined(separator: " ")
      }
    let what = kinds.map(\.rawValue).sorted().joined(separator: ", ")
    return "\(spot); \(what); \(visibilities.map(\.rawValue).sorted().joined(separator: ", "))"
  }
}
