internal import HostSystem
internal import ImageModel

extension CleanOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace(invocation)
    let lock = try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock.release() }
    var names: [FilePath] = ["logs", "tmp", "index", "engine"]
    // The store may be shared: then it is not ours to remove.
    if isAll {
      names += ["journal", "local.lock"]
      if try workspace.isStoreOurs() { names.append("store") }
    }
    for name in names {
      let path = workspace.stateDirectory / name
      guard try workspace.files.statusIfPresent(of: path) != nil else { continue }
      if !isDryRun { try workspace.files.removeTree(path) }
      report(path, invocation)
    }
    if isAll { for path in try workspace.removeImages(except: [], isDryRun: isDryRun) { report(path, invocation) } }
    return .success
  }

  private func report(_ path: FilePath, _ invocation: Invocation) {
    invocation.output.write("\(isDryRun ? "would remove" : "removed") \(invocation.diagnostics.shown(path))\n")
  }
}
