import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Clones of a repository whose images are nowhere but at its origin: neither in their stores nor in their engines.
@Suite(
  .serialized,
  .enabled(
    if: Laboratory.hasBusybox && Laboratory.has("buildah") && Laboratory.has("git"), "make test prepares the peers"))
struct CloneTests {
  /// base ← python, and `leaf`, which takes from python in every way that an image can.
  private func origin() async throws -> Repository {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    for name in ["science", "tools"] {
      try Laboratory.files.removeTree(tree.directory / "share/docker" / FilePath(name))
    }
    try tree.define(
      "leaf/1", "dependencies: [../../python]\nimage_sources:\n  - {name: leaf, tags: ['1']}\n",
      dockerfile: """
        FROM cati/base:1
        COPY --from=cati/python:1 /python /first /taken/
        RUN --mount=type=bind,from=cati/python:1,target=/m cat /m/first > /mounted
        COPY leaf.txt /

        """)
    try tree.write("share/docker/leaf/1/leaf.txt", "leaf\n")
    try tree.write(".gitignore", ".coppice/\nhome/\nengine/\n")
    try await tree.git("init", "-q", "-b", "main")
    try await tree.build("all")
    try await tree.commit("built")
    return tree
  }

  private func clone(_ origin: Repository) async throws -> Repository {
    let clone = try await Repository(hasOwnEngineStore: true)
    try await clone.git("init", "-q", "-b", "main")
    try await clone.pull(from: origin)
    return clone
  }

  @Test func clonesMakeWhatTheyLackAndShareOneLockfile() async throws {
    let origin = try await origin()
    let lock = try origin.lockfile()
    let first = try await clone(origin)
    let made = ["docker/base:1 unchanged", "docker/leaf:1 unchanged", "docker/python:1 unchanged"]
    #expect(try await first.build("all") == made)
    #expect(try first.lockfile() == lock)
    #expect(try await first.build("all") == [])
    try await first.git("diff", "--exit-code")
    try await expectOwnImagesUnderTheirNames(in: first)

    // Another one makes nothing where it has the store of the first; else what is asked for, and what that is made from.
    let second = try await clone(origin)
    let store = (first.directory / ".coppice/store").description
    let shared = try await second.coppice(["build", "--progress", "json"], environment: ["COPPICE_STORE": store])
    #expect(try shared.events.map { $0["event"]?.string } == ["done"], "\(shared.all)")
    #expect(try await second.build("python") == ["docker/base:1 unchanged", "docker/python:1 unchanged"])
    #expect(try second.lockfile() == lock)

    // An edit makes the leaf alone, from upstreams that the engine gets back from the store.
    try first.loseEngineImages()
    try first.write("share/docker/leaf/1/leaf.txt", "other leaf\n")
    #expect(try await first.build("all") == ["docker/leaf:1 built"])
    #expect(
      try first.lockfile().blocks { !$0.hasPrefix("  docker/leaf") } == lock.blocks { !$0.hasPrefix("  docker/leaf") })
    try await first.commit("another leaf")

    // Who takes that over makes it, too, from what it has or must make, and has nothing to record.
    try await origin.pull(from: first)
    try await second.pull(from: first)
    for other in [origin, second] {
      #expect(try await other.build("all") == ["docker/leaf:1 unchanged"])
      #expect(try other.lockfile() == first.lockfile())
    }
  }

  private func expectOwnImagesUnderTheirNames(in clone: Repository) async throws {
    #expect(try await clone.coppice("gc").exitCode == 0)
    #expect(try await clone.coppice("verify").exitCode == 0)
    #expect(try await clone.build("all") == [])
    let layout = "oci:\(clone.directory / ".coppice/store"):cati/leaf:1"
    let stored = try await clone.run(["skopeo", "inspect", "--config", "--raw", layout])
    let id = Digest.sha256(Array(stored.output.utf8)).hex
    let named = try await clone.run(
      ["buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", "cati/leaf:1"])
    #expect(stored.exitCode == 0 && named.output.contains(id), "\(stored.all) \(named.all)")
    #expect(!(try clone.lockfile().contains(id)), "the clone's image is not the origin's")
  }
}

extension Repository {
  fileprivate func commit(_ message: String) async throws {
    try await git("add", "-A")
    try await git("commit", "-qm", message)
  }

  fileprivate func pull(from other: Repository) async throws {
    try await git("fetch", "-q", other.directory.path.description, "main")
    try await git("reset", "-q", "--hard", "FETCH_HEAD")
  }

  /// The engine begins anew, as after `buildah prune --all`.
  fileprivate func loseEngineImages() throws {
    let text = try directory.text("engine/storage.conf")
    try write("engine/storage.conf", text.replacing("engine/r", with: "engine/new-r"))
  }
}

extension String {
  /// The blocks of a lockfile whose first line is wanted.
  fileprivate func blocks(_ isWanted: (Substring) -> Bool) -> [Substring] {
    split(separator: "\n\n").filter { isWanted($0.split(separator: "\n").first ?? "") }
  }
}
