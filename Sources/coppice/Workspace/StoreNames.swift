internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import DependencyGraph
internal import FileTraces
internal import HostSystem
internal import ImageModel

extension Workspace {
  /// Makes every name lead to the image that is recorded under it, in the store and, where it is at hand, in the engine:
  /// names come, move and go without a build, and a damaged index loses them.
  /// - Parameter index: gets what was looked at, so that it need not be looked at again while nothing changes.
  func keepNames(_ ledger: Ledger, _ index: inout FileIndex) async throws {
    let tracing = TracingFileSystem(files, olderThan: FileIndex.settled(at: Host.now()))
    let store = ImageLayout(root: storePath, files: tracing)
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
    if !retired.isEmpty, try !isStoreOurs(store) { retired = [] }
    if names.isEmpty && retired.isEmpty {
      if try store.isPrepared(), let trace = tracing.trace {
        index.traces.insert([], for: question(aboutNames: ledger), trace: trace)
      }
      return
    }
    try store.setNames(names, replacing: retired.contains)
    let runners = runners(PosixProcessRunner())
    for (recipe, output) in moved {
      guard let fingerprint = ledger[recipe.id]?.fingerprint else { continue }
      try await runners[.docker]?.adopt(recipe, output, of: fingerprint, isFresh: false)
    }
  }

  /// Whether it is known that every name leads to its image, in a store that is prepared: nothing has changed since that
  /// was found.
  func areNamesKept(_ ledger: Ledger, _ index: inout FileIndex) -> Bool {
    for answer in index.traces.answers(to: [question(aboutNames: ledger)], in: files) {
      if case .holds = answer { return true }
    }
    return false
  }

  /// All that `keepNames` rests on beside files.
  private func question(aboutNames ledger: Ledger) -> TraceStore.Question {
    var key = ValueWriter()
    key.write("names 1")
    key.write(storePath)
    key.write(repository)
    for id in graph.order where id.kind == .docker {
      key.write(graph[id]?.names ?? []) { key, name in
        key.write(name.registry) { $0.write($1) }
        key.write(name.repository)
        key.write(name.tag) { $0.write($1) }
      }
      key.write(ledger[id]?.output) { key, output in
        key.write(output.digest)
        key.write(output.content) { $0.write($1) }
        key.write(output.index) { $0.write($1) }
        key.write(output.isAssumed)
      }
    }
    return TraceStore.Question("names", key: .sha256(key.bytes))
  }

  /// Whether no other repository keeps anything in the store.
  func isStoreOurs() throws -> Bool { try isStoreOurs(store) }

  private func isStoreOurs(_ store: ImageLayout) throws -> Bool {
    guard storePath == stateDirectory / "store" else { return false }
    return try store.repositories().isSubset(of: [repository])
  }
}
