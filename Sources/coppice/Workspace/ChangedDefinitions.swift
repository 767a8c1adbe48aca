internal import DependencyGraph
internal import HostSystem
internal import ImageModel

/// Which artifacts a change of the repository since a git revision touches.
struct ChangedDefinitions {
  let workspace: Workspace

  /// - Throws: `Failure` when git cannot tell.
  func artifacts(since revision: String) async throws -> Set<ArtifactID> {
    guard !revision.hasPrefix("-") else {
      throw InvalidInput([Diagnostic(.error, "'\(revision)' is not a git revision")])
    }
    // Untracked files are changes too: a build sees them.
    let tracked = try await git(["diff", "--name-only", "-z", "--no-renames", "--relative", revision, "--"])
    let untracked = try await git(["ls-files", "--others", "--exclude-standard", "-z"])
    let paths = (tracked + untracked).map { workspace.repository / FilePath(bytes: $0) }
    var changed = Set<ArtifactID>()
    // Settings are part of every definition.
    if paths.contains(workspace.repository / "coppice.yaml") { changed = Set(workspace.recipes.keys) }
    for recipe in workspace.recipes.values where paths.contains(where: { touches($0, recipe.definition.directory) }) {
      changed.insert(recipe.id)
    }
    return workspace.graph.downstream(of: changed).filter { $0.kind != .generate }
  }

  /// Links of a definition may lead out of it, so a changed file counts where it really lies, too.
  private func touches(_ path: FilePath, _ directory: FilePath) -> Bool {
    if path.isBelow(directory) { return true }
    guard let entries = try? workspace.files.entries(of: directory) else { return false }
    return entries.contains { entry in
      entry.status.kind == .symbolicLink
        && (try? workspace.files.resolved(directory / entry.name)).map { path == $0 || path.isBelow($0) } == true
    }
  }

  private func git(_ arguments: [String]) async throws -> [[UInt8]] {
    let command = ProcessCommand(["git"] + arguments, directory: workspace.repository)
    let result: ProcessResult
    do {
      result = try await PosixProcessRunner().capture(command, limit: 1 << 26)
    } catch {
      throw Failure("git: \(error)", help: "--changed-since needs git and a repository of its own")
    }
    guard result.status.isSuccess else {
      let words = String(decoding: result.errorOutput, as: UTF8.self).prefix { $0 != "\n" }
      throw InvalidInput([
        Diagnostic(.error, "git: \(words)", help: "--changed-since takes a git revision of the repository")
      ])
    }
    return result.output.split(separator: 0).map(Array.init)
  }
}
