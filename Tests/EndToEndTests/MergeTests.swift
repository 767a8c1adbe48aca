import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// The lockfile under git.
@Suite(.enabled(if: Laboratory.has("git"), "make test installs it"))
struct MergeTests {
  private func repository() async throws -> Repository {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write(".gitignore", ".coppice/\nhome/\n")
    try await tree.git("init", "-q", "-b", "main")
    try await tree.build("--touch")
    try await commit(tree, "main")
    return tree
  }

  private func commit(_ tree: Repository, _ message: String) async throws {
    try await tree.git("add", "-A")
    try await tree.git("commit", "-qm", message)
  }

  private func edit(_ tree: Repository, _ name: String, _ line: String) async throws {
    let dockerfile = FilePath("share/docker/\(name)/1/Dockerfile")
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + line + "\n")
    try await tree.build("--touch")
    try await commit(tree, "\(name): \(line)")
  }

  @Test func twoBranchesThatBuiltDifferentImagesMerge() async throws {
    let tree = try await repository()
    try await tree.git("checkout", "-qb", "other")
    try await edit(tree, "app", "USER 1")
    try await tree.git("checkout", "-q", "main")
    try await edit(tree, "tools", "USER 2")
    try await tree.git("merge", "-q", "-m", "merged", "other")
    let status = try await tree.coppice("status", "--exit-code")
    #expect(status.exitCode == 0, "\(status.all)")
    #expect(status.errorOutput == "")
  }

  @Test func newImagesOfTwoBranchesMergeOrAreNamed() async throws {
    let tree = try await repository()
    for (branch, name) in [("other", "alpha"), ("main", "zeta")] {
      if branch == "other" {
        try await tree.git("checkout", "-qb", "other")
      } else {
        try await tree.git("checkout", "-q", "main")
      }
      try tree.define(
        "\(name)/1", "image_sources:\n  - {name: \(name), tags: ['1']}\n", dockerfile: "FROM cati/base:1\n")
      try await tree.build("--touch")
      try await commit(tree, name)
    }
    try await tree.git("merge", "-q", "-m", "merged", "other")
    #expect(try await tree.coppice("status", "--exit-code").exitCode == 0)
  }

  @Test func aConflictCountsAsNeverBuiltAndNamesItsLine() async throws {
    let tree = try await repository()
    try await tree.git("checkout", "-qb", "other")
    try await edit(tree, "app", "USER 1")
    try await tree.git("checkout", "-q", "main")
    try await edit(tree, "app", "USER 2")
    let merged = try await tree.run(["git", "merge", "-q", "other"])
    #expect(merged.exitCode == 1, "both built app: \(merged.all)")
    try await tree.git("checkout", "-q", "--ours", "share/docker/app/1/Dockerfile")
    let lock = try tree.directory.text("coppice.lock").split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lock.firstIndex { $0.hasPrefix("<<<<<<<") }) + 1
    let status = try await tree.coppice("status", "--json")
    #expect(status.exitCode == 0, "\(status.all)")
    let warning = try #require(status.errorOutput.split(separator: "\n").first { $0.contains("warning: ") })
    #expect(warning.hasPrefix("coppice.lock:"), "\(warning)")
    let named = Int(warning.split(separator: ":")[1]) ?? 0
    #expect(abs(named - line) <= 12, "the block or its conflict in line \(line): \(warning)")
    #expect(warning.contains("merge conflict"))
    #expect(try await tree.reasons(of: "docker/app:1").contains("neverBuilt"))
    #expect(try await tree.states()["docker/app:1"] == "stale")
    // Only what lies in the conflict is in doubt.
    #expect(try await tree.coppice("status", "--exit-code", "base", "tools").exitCode == 0)
    try await tree.build("--touch")
    #expect(!(try tree.directory.text("coppice.lock")).contains("<<<<<<<"))
    let whole = try await tree.coppice("status", "--exit-code")
    #expect(whole.exitCode == 0 && whole.errorOutput == "", "\(whole.all)")
  }
}
