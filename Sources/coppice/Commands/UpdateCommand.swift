internal import BuildEngine
internal import BuildRecords
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import JSONText

extension UpdateOptions {
  /// One base on one platform, before and after.
  struct Change: Sendable {
    var key: Lockfile.BaseKey
    var before: PinnedBase?
    var after: PinnedBase?
    var failure: Failure?
    /// What the next build would rebuild for it, if the base moved.
    var affected: [ArtifactID]

    var isMove: Bool { after != nil && after != before }
  }

  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    try invocation.checkEngine()
    let lock = isDryRun ? nil : try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock?.release() }
    var ledger = try workspace.ledger()
    let changes = try await resolve(try wanted(in: workspace), workspace, ledger)
    for change in changes where change.isMove { ledger[pin: change.key] = change.after }
    if !isDryRun { try ledger.write() }
    if isJSON {
      invocation.show(["bases": .array(changes.map(\.json))])
    } else {
      show(changes, invocation)
    }
    return changes.contains { $0.failure != nil } ? .failure : .success
  }

  private func wanted(in workspace: Workspace) throws(InvalidInput) -> [Lockfile.BaseKey: (ImageUse, [ArtifactID])] {
    var wanted: [Lockfile.BaseKey: (ImageUse, [ArtifactID])] = [:]
    var known: [String] = []
    for id in workspace.graph.order {
      guard case .image(let image)? = workspace.recipes[id] else { continue }
      for use in workspace.graph[id]?.bases ?? [] where use.reference.digest == nil {
        let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: image.platform)
        known += [key.reference, use.reference.description]
        guard patterns.isEmpty || patterns.contains(where: { matches($0, [key.reference, use.reference.description]) })
        else { continue }
        wanted[key, default: (use, [])].1.append(id)
      }
    }
    let missed = patterns.filter { pattern in !known.contains { matches(pattern, [$0]) } }
    guard missed.isEmpty else {
      throw InvalidInput(
        missed.map { pattern in
          Diagnostic(
            .error, "no base matches '\(pattern)'",
            help: NearestSpelling.of(pattern, among: Set(known).sorted()).map { "did you mean '\($0)'?" }
              ?? "`coppice list` shows the bases")
        })
    }
    return wanted
  }

  private func matches(_ pattern: String, _ texts: [String]) -> Bool { texts.contains(where: Glob(pattern).matches) }

  private func resolve(
    _ wanted: [Lockfile.BaseKey: (ImageUse, [ArtifactID])], _ workspace: Workspace, _ ledger: Ledger
  ) async throws -> [Change] {
    let resolver = workspace.resolver(PosixProcessRunner())
    return try await withThrowingTaskGroup(of: Change.self) { group in
      for (key, (use, users)) in wanted {
        let before = ledger[pin: key]
        let affected = workspace.graph.downstream(of: users).sorted()
        group.addTask {
          do {
            let after = try await resolver.resolve(use.reference, platform: key.platform, pinned: before)
            return Change(key: key, before: before, after: after, failure: nil, affected: affected)
          } catch var failure as Failure {
            failure.location = failure.location ?? use.location
            return Change(key: key, before: before, after: nil, failure: failure, affected: affected)
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.key < $1.key }
    }
  }

  private func show(_ changes: [Change], _ invocation: Invocation) {
    for change in changes {
      let name = "\(change.key.reference) (\(change.key.platform))"
      if let failure = change.failure {
        let kept = change.before.map { "; it keeps its pin sha256:\($0.digest.short)…" } ?? "; it stays unpinned"
        invocation.show([
          Diagnostic(.warning, "\(name): \(failure.message)\(kept)", at: failure.location, help: failure.help)
        ])
        continue
      }
      guard let after = change.after else { continue }
      let new = "sha256:\(after.digest.short)…"
      guard change.isMove else {
        if invocation.global.isVerbose { invocation.output.write("\(name): \(new), not moved\n") }
        continue
      }
      let old = change.before.map { "sha256:\($0.digest.short)… → " } ?? "pinned "
      let affected = change.affected.map(\.description).joined(separator: ", ")
      invocation.output.write("\(name): \(old)\(new)\n  concerns \(affected)\n")
    }
    let moved = changes.count(where: \.isMove)
    let verb = isDryRun ? "would move" : "moved"
    invocation.output.write("\(moved) of \(HumanText.count(changes.count, "base")) \(verb)\n")
  }
}

extension UpdateOptions.Change {
  fileprivate var json: JSONValue {
    var object = JSONObject([
      ("reference", .string(key.reference)), ("platform", .string(key.platform.description)),
      ("from", before.map { .string($0.digest.description) } ?? .null),
      ("to", (after ?? before).map { .string($0.digest.description) } ?? .null), ("moved", .bool(isMove)),
      ("artifacts", .array(affected.map { .string($0.description) })),
    ])
    if let failure { object["error"] = .string(failure.message) }
    return .object(object)
  }
}
