import Glibc
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Clones that get what their lockfile names from where it is published, and downloads.
@Suite(
  .serialized,
  .enabled(
    if: Laboratory.hasBusybox && Laboratory.has("buildah") && Laboratory.has("docker-registry"),
    "make test prepares the peers"))
struct FetchTests {
  private static let all = ["docker/app:1", "docker/shell:1", "sif/app:1", "sif/shell:1"]

  /// Published in a registry, and as files in a directory.
  private func origin(_ registry: Registry, _ www: FilePath) async throws -> Repository {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.write(
      "coppice.yaml",
      """
      namespace: cati
      destinations:
        hub: {registry: "\(registry.address)", kinds: [docker]}
        web: {directory: "\(www)"}

      """)
    try tree.defineShell()
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n", dockerfile: "FROM cati/shell:1\nCOPY text /app\n")
    try tree.write("share/docker/app/1/text", "app\n")
    try tree.write(".gitignore", ".coppice/\nhome/\nengine/\nimages/\nreleases/\nwww/\n")
    try await tree.git("init", "-q", "-b", "main")
    try await release(tree)
    return tree
  }

  private func release(_ tree: Repository) async throws {
    try await tree.build()
    let run = try await tree.coppice("publish", "--yes")
    try #require(run.exitCode == 0, "\(run.all)")
    try await tree.git("add", "-A")
    try await tree.git("commit", "-qm", "released")
  }

  @Test func aCloneGetsWhatItsLockfileNames() async throws {
    let www = try TemporaryDirectory()
    try await Registry.with { registry in
      let origin = try await origin(registry, www / "files")
      let lock = try origin.lockfile()
      let (first, second, third) = (try await origin.clone(), try await origin.clone(), try await origin.clone())
      let dry = try await first.coppice("fetch", "-n")
      #expect(dry.exitCode == 0, "\(dry.all)")
      for id in Self.all { #expect(dry.output.contains("\(id) would be fetched from "), "\(dry.all)") }
      #expect(try Laboratory.files.statusIfPresent(of: first.store) == nil, "nothing has come")
      let one = try await first.coppice("fetch", "-n", "sif/app:1")
      #expect(one.output.split(separator: "\n").count == 1 && one.output.contains("from web, "), "\(one.all)")
      let run = try await first.coppice("fetch", "--progress", "plain")
      #expect(run.exitCode == 0, "\(run.all)")
      for id in Self.all {
        let place = id.hasPrefix("sif") ? "web" : "hub"
        #expect(run.all.contains("\(id) fetched from \(place): same fingerprint"), "\(id): \(run.all)")
        #expect(run.output.contains("\(id): fetched from \(place), "), "\(id): \(run.all)")
      }
      #expect(try first.lockfile() == lock)
      #expect(try await first.states().values.allSatisfy { $0 == "current" })
      let sif: FilePath = "images/app-1.sif"
      #expect(
        try Laboratory.files.digest(of: first.directory / sif) == Laboratory.files.digest(of: origin.directory / sif))
      #expect(try await first.coppice("verify").exitCode == 0)
      try await first.git("diff", "--exit-code")

      // A run that finds nothing to do asks nobody; an edit makes only what it affects.
      let before = try registry.requests().count
      #expect(try await first.build() == [])
      #expect(try await first.coppice("fetch").exitCode == 0)
      #expect(try registry.requests().count == before)
      try first.write("share/docker/app/1/text", "edited\n")
      #expect(try await first.build() == ["docker/app:1 built", "sif/app:1 built"])
      let stale = try await origin.clone()
      try stale.write("share/docker/app/1/text", "edited\n")
      let leftDry = try await stale.coppice("fetch", "-n", "docker/app:1")
      #expect(leftDry.exitCode == 1 && leftDry.output.contains("docker/app:1 must be built: "), "\(leftDry.all)")
      #expect(leftDry.output.contains("docker/shell:1 would be fetched from hub"), "\(leftDry.all)")
      let left = try await stale.coppice("fetch")
      #expect(left.exitCode == 1 && left.output.contains("docker/app:1 must be built"), "\(left.all)")
      #expect(try await stale.states()["docker/shell:1"] == "current")

      // A build does the same, and what is asked for alone comes alone.
      #expect(try await second.build("docker/app:1") == [])
      let names = try await second.run([
        "skopeo", "inspect", "--raw", "oci:\(second.directory / ".coppice/store"):cati/app:1",
      ])
      #expect(names.exitCode == 0, "\(names.all)")

      // Though the names lead elsewhere by now.
      try origin.write("share/docker/app/1/text", "second release\n")
      try await release(origin)
      #expect(try await second.build() == ["sif/app:1 restored", "sif/shell:1 restored"])
      #expect(try second.lockfile() == lock)

      // Who wants to build builds; so does who reaches nobody.
      let count = try registry.requests().count
      let built = try await third.build("docker/shell:1", "--no-substitute")
      #expect(built == ["docker/shell:1 unchanged"])
      #expect(try registry.requests().count == count)
      try await registry.stop()
      try Laboratory.files.removeTree(third.directory / ".coppice/store")
      let dryAlone = try await third.coppice("fetch", "-n", "docker/shell:1", "sif/shell:1")
      #expect(dryAlone.exitCode == 1 && dryAlone.all.contains("nothing is fetched from hub"), "\(dryAlone.all)")
      #expect(dryAlone.output.contains("sif/shell:1 would be fetched from web"), "\(dryAlone.all)")
      let alone = try await third.coppice("build", "docker/shell:1", "--progress", "plain")
      #expect(alone.exitCode == 0 && alone.all.contains("nothing is fetched from hub"), "\(alone.all)")
    }
  }

  @Test func publishedFilesAreDownloaded() async throws {
    let www = try TemporaryDirectory()
    try await Registry.with { registry in
      let origin = try await origin(registry, www / "files")
      let place = try TemporaryDirectory()
      let user = try await Repository()
      let file = place / "app-1.sif"
      let published = try Laboratory.files.digest(of: origin.directory / "images/app-1.sif")
      func download(_ words: String..., expecting code: Int32 = 0) async throws -> Run {
        let run = try await user.coppice(["download"] + words + ["-o", place.path.description])
        try #require(run.exitCode == code, "\(run.all)")
        return run
      }
      // From any place, without a repository.
      let root = (www / "files").description
      let dry = try await download("app*", "--from", root, "-n")
      #expect(dry.output.contains("app-1.sif: would be downloaded"))
      #expect(try Laboratory.files.statusIfPresent(of: file) == nil)
      let first = try await download("app:1", "--from", root, "--progress", "json")
      let events = try first.events
      #expect(
        events.map { $0["event"]?.string }.filter { $0 != "progress" } == ["started", "finished", "file", "done"])
      #expect(events.first?["total"]?.integer == events.dropLast(2).last?["bytes"]?.integer, "\(first.all)")
      #expect(try Laboratory.files.digest(of: file) == published)
      #expect(try place.text("app-1.sif.md5").utf8.count == 32)
      #expect(try await origin.coppice("sif", "verify", file.description).exitCode == 0)
      let again = try await download("app-1.sif", "--from", root, "--json")
      #expect(try JSONValue(parsing: again.output)["files"]?[0]?["state"]?.string == "current")
      let none = try await download("ap:1", "--from", root, expecting: 1)
      #expect(none.errorOutput.contains("nothing is published as 'ap:1'"))

      // From a destination: what is damaged or half there comes whole.
      try Laboratory.files.replace(file, with: [1, 2, 3], mode: 0o644)
      let part = try Laboratory.files.contents(of: origin.directory / "images/app-1.sif", limit: 1 << 30)
      try place.write("app-1.sif.part", "")
      try Laboratory.files.replace(place / "app-1.sif.part", with: Array(part.prefix(part.count / 2)), mode: 0o644)
      let run = try await origin.coppice("download", "app:1", "--from", "web", "-o", place.path.description)
      #expect(run.exitCode == 0, "\(run.all)")
      #expect(try Laboratory.files.digest(of: file) == published)
      #expect(try Laboratory.files.statusIfPresent(of: place / "app-1.sif.part") == nil)
      // An image has no file; it says how to get it.
      let image = try await origin.coppice("download", "app:1", "--from", "hub", "-o", place.path.description)
      #expect(image.output.contains("docker pull \(registry.address)/cati/app:1"), "\(image.all)")
      // A SIF in a registry.
      try origin.write(
        "coppice.yaml", try origin.directory.text("coppice.yaml").replacing(", kinds: [docker]", with: ""))
      try #require(try await origin.coppice("publish", "--yes").exitCode == 0)
      try Laboratory.files.remove(file)
      let sif = try await origin.coppice("download", "app:1", "--from", "hub", "-o", place.path.description)
      #expect(sif.exitCode == 0, "\(sif.all)")
      #expect(try Laboratory.files.digest(of: file) == published)
      // By its address, as Apptainer has it; what reads files says so.
      try Laboratory.files.remove(file)
      let address = "oras://\(registry.address)/cati/app:1-sif"
      let addressed = try await download(address)
      #expect(addressed.output.contains("app-1.sif: is whole"), "\(addressed.all)")
      #expect(try Laboratory.files.digest(of: file) == published)
      let nothing = try await download("oras://\(registry.address)/cati/app:none", expecting: 1)
      #expect(nothing.errorOutput.contains("nothing is published as 'oras://"), "\(nothing.all)")
      let noFile = try await download("oras://\(registry.address)/cati/app:1", expecting: 1)
      #expect(noFile.errorOutput.contains("is no SIF file"), "\(noFile.all)")
      _ = try await download("oras://app", expecting: 2)
      for words in [["list"], ["inspect"], ["verify"], ["extract-definition"], ["build", "x.sif"]] {
        let run = try await user.coppice(["sif"] + words + [address])
        #expect(run.exitCode == 2 && run.errorOutput.contains("coppice download oras://"), "\(words) \(run.all)")
      }
    }
  }

  /// A real ssh server, a real rsync.
  @Test(.enabled(if: SSHServer.isPossible)) func aReleaseGoesToAnotherMachine() async throws {
    let www = try TemporaryDirectory(isInMemory: true)
    try await SSHServer.with { server in
      let tree = try await Repository(isInMemory: true)
      let words = server.words().map { "\"\($0)\"" }.joined(separator: ", ")
      try tree.write(
        "coppice.yaml",
        """
        namespace: cati
        destinations:
          far: {rsync: "127.0.0.1:\(www / "it's far")", port: \(server.port), ssh: [\(words)]}

        """)
      for name in ["one", "two"] {
        try tree.define(
          "\(name)/1", "image_sources:\n  - {name: \(name), tags: ['1']}\n", dockerfile: "FROM scratch\nCOPY data /\n")
        try tree.write("share/docker/\(name)/1/data", name)
      }
      func visible() -> [String: Digest] {
        var visible: [String: Digest] = [:]
        for name in ["one-1.sif", "two-1.sif"] {
          let file = try? Laboratory.files.resolved(www / "it's far" / FilePath(name))
          visible[name] = file.flatMap { try? Laboratory.files.digest(of: $0) }
        }
        return visible
      }
      func publish() async throws -> Run {
        let run = try await tree.coppice("publish", "--yes")
        try #require(run.exitCode == 0, "\(run.all)")
        return run
      }
      try await tree.build()
      _ = try await publish()
      let first = visible()
      #expect(first.count == 2)
      try tree.write("share/docker/two/1/data", "edited")
      try await tree.build()
      let second = try await publish()
      #expect(!second.output.contains("sending sif/one:1") && second.output.contains("sending sif/two:1"))
      #expect(visible()["one-1.sif"] == first["one-1.sif"] && visible()["two-1.sif"] != first["two-1.sif"])
      #expect(try await publish().output.contains("sending") == false)
      let place = try TemporaryDirectory()
      let run = try await tree.coppice("download", "two:1", "-o", place.path.description)
      #expect(run.exitCode == 0, "\(run.all)")
      #expect(try Laboratory.files.digest(of: place / "two-1.sif") == visible()["two-1.sif"])

      let old = visible()
      for name in ["one", "two"] { try tree.write("share/docker/\(name)/1/data", "new") }
      try await tree.build()
      let snapshot = try await ReleaseSnapshot(of: tree, and: [www / "it's far"])
      let begin = ContinuousClock.now
      _ = try await publish()
      let (new, longest) = (visible(), ContinuousClock.now - begin)
      #expect(new.count == 2 && new.allSatisfy { old[$0.key] != $0.value })
      var random = SeededGenerator(seed: Soak.start)
      for kill in 0..<(Soak.factor > 1 ? 20 * Soak.factor : 3) {
        let what = Comment("kill \(kill) of seed \(Soak.start)")
        try await snapshot.restore()
        let running = try await tree.start("publish", "--yes")
        try await Task.sleep(for: longest * Double.random(in: 0...1, using: &random))
        running.send(SIGKILL)
        _ = try await running.end()
        // A script that had begun over there comes to its end.
        try await Task.sleep(for: .milliseconds(300))
        #expect(visible() == old || visible() == new, what)
        _ = try await publish()
        #expect(visible() == new, what)
      }
      #expect(try await publish().output.contains("sending") == false)
    }
  }
}
