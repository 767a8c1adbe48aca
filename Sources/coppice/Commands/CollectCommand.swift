internal import BuildRecords
internal import ContentStore
internal import ImageModel
internal import JSONText

extension CollectOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let lock = try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock.release() }
    let ledger = try workspace.ledger()
    let roots = try workspace.roots(ledger) + workspace.machineKeys(ledger)
    if !isDryRun { try workspace.store.writeRoots(repository: workspace.repository, roots) }
    // Nobody else writes into a store of our own; into a shared one somebody may be about to record what he has built.
    let since = try !workspace.isStoreOurs() ? (Host.now() - 24 * 3600) * 1_000_000_000 : Int.max
    let collected = try workspace.store.collectGarbage(
      of: workspace.repository, roots: Set(roots), keepingSince: since, dryRun: isDryRun)
    let retired = try workspace.removeImages(except: workspace.imageNames, isDryRun: isDryRun)
    if isJSON {
      invocation.show([
        "removed": .array(collected.removed.map { .string($0.description) }), "bytes": .integer(collected.bytes),
        "kept": .integer(collected.kept), "dryRun": .bool(isDryRun),
        "images": .array(retired.map { .string($0.description) }), "overlays": .integer(collected.overlays),
      ])
      return .success
    }
    if invocation.global.isVerbose {
      for digest in collected.removed { invocation.output.write("\(digest)\n") }
    }
    let verb = isDryRun ? "would be removed" : "removed"
    for path in retired {
      invocation.output.write("\(invocation.diagnostics.shown(path)) \(verb): no definition makes it\n")
    }
    if collected.overlays > 0 {
      invocation.output.write("\(HumanText.count(collected.overlays, "disk")) of VM images' steps \(verb)\n")
    }
    invocation.output.write(
      "\(HumanText.count(collected.removed.count, "blob")) \(verb), \(HumanText.bytes(collected.bytes)); "
        + "\(collected.kept) kept\n")
    return .success
  }
}
