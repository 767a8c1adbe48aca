internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import HostSystem
internal import ImageModel

extension Workspace {
  /// Makes every name lead to the image that is recorded under it, in the store and, where it is at hand, in the engine:
  /// names come, move and go without a build, and a damaged index loses them.
  func keepNames(_ ledger: Ledger) async throws {
    let known = try store.names()
    var names: [(name: String, config: Digest)] = []
    var moved: [(recipe: Recipe, output: ArtifactOutput)] = []
    var declared = Set<String>()
    for (id, recipe) in recipes {
      guard case .image(let image) = recipe else { continue }
      let own = ([image.reference] + image.aliases).map(\.description)
      declared.formUnion(own)
      guard let output = ledger[id]?.output, !output.isAssumed, own.contains(where: { known[$0] != output.index })
      else { continue }
      // What is not in the store is named when it is built again.
      guard let image = try? store.image(for: output) else { continue }
      let wrong = own.filter { known[$0] != image.index }
      if wrong.isEmpty { continue }
      names += wrong.map { ($0, image.config) }
      moved.append((recipe, output))
    }
    var retired = Set(known.keys).subtracting(declared)
    // In a store that others use, too, names that we do not know are theirs.
    if !retired.isEmpty, try !isStoreOurs() { retired = [] }
    if names.isEmpty && retired.isEmpty { return }
    try store.setNames(names, replacing: retired.contains)
    let runners = runners(PosixProcessRunner())
    for (recipe, output) in moved {
      guard let fingerprint = ledger[recipe.id]?.fingerprint else { continue }
      try await runners[.docker]?.adopt(recipe, output, of: fingerprint, isFresh: false)
    }
  }

  /// Whether no other repository keeps anything in the store.
  func isStoreOurs() throws -> Bool {
    guard storePath == stateDirectory / "store" else { return false }
    return try store.repositories().isSubset(of: [repository])
  }
}
