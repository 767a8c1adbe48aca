internal import HostSystem
internal import ImageModel

/// The right to write in a repository: one coppice at a time has it.
struct RepositoryLock {
  private let lock: any FileLock

  /// Waits until nobody else has it, and says whom it waits for.
  /// - Throws: `Failure` when `isWaiting` is false and another has it; `CancellationError`.
  static func take(_ workspace: Workspace, isWaiting: Bool) async throws -> RepositoryLock {
    let files = workspace.files
    try files.createDirectory(workspace.stateDirectory)
    let path = workspace.stateDirectory / "lock"
    let holder = workspace.stateDirectory / "lock.holder"
    var hasSaid = false
    while true {
      if let lock = try files.lock(path, waiting: false) {
        // A word for those who wait; to sync it would cost more than looking at ten thousand files.
        try files.replaceUnsynced(holder, with: Array("process \(Host.processID)\n".utf8), mode: 0o644)
        workspace.removeLeftovers()
        return RepositoryLock(lock: lock)
      }
      let who = try files.contentsIfPresent(of: holder, limit: 4096).map { String(decoding: $0, as: UTF8.self) }
      let text =
        "another coppice is at work in \(workspace.repository)" + (who.map { " (\($0.prefix { $0 != "\n" }))" } ?? "")
      guard isWaiting else { throw Failure(text, help: "wait until it ends, or leave out --no-wait") }
      if !hasSaid { workspace.invocation.show([Diagnostic(.note, text + "; waiting for it to end")]) }
      hasSaid = true
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  func release() { lock.unlock() }
}
