import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Clones of a repository with SIF files: what they convert is not byte for byte what the origin has, and counts as that.
@Suite(
  .serialized,
  .enabled(
    if: Laboratory.hasBusybox && Laboratory.has("buildah") && Laboratory.has("git"), "make test prepares the peers"))
struct SIFCloneTests {
  private static let sifs = ["sif/app:1", "sif/shell:1"]

  private func origin() async throws -> Repository {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.write("coppice.yaml", "namespace: cati\n")
    try tree.defineShell()
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n", dockerfile: "FROM cati/shell:1\nCOPY text /app\n")
    try tree.write("share/docker/app/1/text", "app\n")
    try tree.write(".gitignore", ".coppice/\nhome/\nengine/\nimages/\n")
    try await tree.git("init", "-q", "-b", "main")
    try await tree.build()
    try await tree.git("add", "-A")
    try await tree.git("commit", "-qm", "built")
    return tree
  }

  private func file(_ tree: Repository) throws -> Digest {
    try Laboratory.files.digest(of: tree.directory / "images/app-1.sif")
  }

  @Test func clonesMakeWhatTheyLackAndRecordNothing() async throws {
    let origin = try await origin()
    let (lock, made) = (try origin.lockfile(), try file(origin))
    let clone = try await origin.clone()
    let unchanged = ["docker/app:1", "docker/shell:1"] + Self.sifs
    #expect(try await clone.build() == unchanged.map { $0 + " unchanged" })
    #expect(try clone.lockfile() == lock)
    #expect(try await clone.build() == [])
    // Its image was made at another time, and the file says of which image it is.
    #expect(try file(clone) != made)
    #expect(try await clone.coppice("sif", "verify", "images/app-1.sif").exitCode == 0)
    let sidecar = try JSONValue(parsing: try clone.directory.text("images/app-1.sif.json"))
    #expect(sidecar["sha256"]?.string == (try file(clone)).hex)
    #expect(sidecar["image_id"]?.string.map { !lock.contains($0) } == true)

    // What stands for the recorded file stays, and comes back when it is lost.
    #expect(try await clone.coppice("gc").exitCode == 0)
    #expect(try await clone.build() == [])
    try Laboratory.files.removeTree(clone.directory / "images")
    #expect(try await clone.build() == Self.sifs.map { $0 + " restored" })
    #expect(try file(clone) == Digest(hex: sidecar["sha256"]?.string ?? ""))
    #expect(try await clone.coppice("verify").exitCode == 0)

    // An edit is recorded, and goes back to the origin, which makes it in turn and has nothing to record.
    try clone.write("share/docker/app/1/text", "other\n")
    #expect(try await clone.build() == ["docker/app:1 built", "sif/app:1 built"])
    try await clone.git("commit", "-qam", "another app")
    try await origin.git("pull", "-q", "--ff-only", clone.directory.path.description, "main")
    #expect(try await origin.build() == ["docker/app:1 unchanged", "sif/app:1 unchanged"])
    #expect(try origin.lockfile() == clone.lockfile())
    #expect(try await origin.build() == [])
  }

  @Test func aCloneWithTheStoreOfTheOriginMakesNothing() async throws {
    let origin = try await origin()
    let clone = try await origin.clone()
    func build() async throws -> [String] {
      let run = try await clone.coppice(
        ["build", "--progress", "json"], environment: ["COPPICE_STORE": origin.store.description])
      try #require(run.exitCode == 0, "\(run.all)")
      return try run.events.filter { $0["event"]?.string == "finished" }.map {
        "\($0["id"]?.string ?? "") \($0["outcome"]?.string ?? "")"
      }.sorted()
    }
    #expect(try await build() == Self.sifs.map { $0 + " restored" })
    #expect(try file(clone) == file(origin))
    #expect(try clone.lockfile() == origin.lockfile())
    #expect(try await build() == [])
  }
}
