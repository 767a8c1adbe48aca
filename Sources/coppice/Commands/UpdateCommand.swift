internal import BuildEngine
internal import BuildRecords
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import JSONText

extension UpdateOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    try invocation.checkEngine()
    let lock = isDryRun ? nil : try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock?.release() }
    var ledger = try workspace.ledger()
    let changes = try await resolve(try wanted(in: workspace.graph, workspace.recipes), workspace, ledger)
    for change in changes where change.isNews { ledger[pin: change.key] = change.after }
    if !isDryRun { try ledger.write() }
    let report = UpdateReport(changes: changes, isDryRun: isDryRun)
    if isJSON {
      invocation.show(report.json)
    } else {
      invocation.show(report.warnings)
      if !invocation.global.isQuiet {
        invocation.output.write(report.text(isVerbose: invocation.global.isVerbose))
      }
    }
    return changes.contains { $0.failure != nil } ? .failure : .success
  }

  /// The bases that the patterns mean, with where they are used and by what.
  private func wanted(
    in graph: BuildGraph, _ recipes: [ArtifactID: Recipe]
  ) throws(InvalidInput) -> [Lockfile.BaseKey: [(use: ImageUse, user: ArtifactID)]] {
    var wanted: [Lockfile.BaseKey: [(use: ImageUse, user: ArtifactID)]] = [:]
    var (known, fixed) = (Set<String>(), Set<String>())
    for id in graph.order {
      guard case .image(let image)? = recipes[id] else { continue }
      for use in graph[id]?.bases ?? [] {
        let names = [use.reference.canonical, use.reference.description]
        guard use.reference.digest == nil else {
          fixed.formUnion(names)
          continue
        }
        known.formUnion(names)
        let isMeant = patterns.isEmpty || patterns.contains { names.contains(where: Glob($0).matches) }
        guard isMeant else { continue }
        let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: image.platform)
        wanted[key, default: []].append((use, id))
      }
    }
    let missed = patterns.filter { !known.contains(where: Glob($0).matches) }
    guard missed.isEmpty else { throw InvalidInput(missed.map { Self.miss($0, known, fixed) }) }
    return wanted
  }

  private static func miss(_ pattern: String, _ known: Set<String>, _ fixed: Set<String>) -> Diagnostic {
    if fixed.contains(where: Glob(pattern).matches) {
      return Diagnostic(
        .error, "the Dockerfile fixes the digest of '\(pattern)'", help: "change it there; there is no pin to move")
    }
    return Diagnostic(
      .error, "no base matches '\(pattern)'",
      help: NearestSpelling.of(pattern, among: known.sorted()).map { "did you mean '\($0)'?" }
        ?? "`coppice list` shows the bases")
  }

  private func resolve(
    _ wanted: [Lockfile.BaseKey: [(use: ImageUse, user: ArtifactID)]], _ workspace: Workspace, _ ledger: Ledger
  ) async throws -> [UpdateReport.Change] {
    let resolver = workspace.resolver(PosixProcessRunner())
    let questions = BaseQuestions(workspace.recipes, in: workspace.graph)
    return try await withThrowingTaskGroup(of: UpdateReport.Change.self) { group in
      for (key, uses) in wanted {
        guard let first = uses.first?.use else { continue }
        let users = Set(uses.map(\.user))
        let unchanged = UpdateReport.Change(
          key: key, before: ledger[pin: key], users: users.sorted(),
          dependents: workspace.graph.downstream(of: users).subtracting(users).sorted())
        group.addTask {
          var change = unchanged
          do {
            let found = try await resolver.resolve(first.reference, platform: key.platform, pinned: change.before)
            change.after = questions.pin(found, of: key)
            // A registry that tells no more than the digest takes nothing back.
            if found.environment == nil, found.pin.digest == change.before?.digest { change.after = change.before }
          } catch let failure as Failure {
            // Who is interrupted has learned nothing of the base.
            try Task.checkCancellation()
            change.failure = Failure(
              failure.message, at: failure.location ?? uses.map(\.use.location).min(), help: failure.help)
          }
          return change
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.key < $1.key }
    }
  }
}
