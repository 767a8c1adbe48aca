import Glibc
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Releases of a tree at a real registry and in a directory.
@Suite(
  .serialized,
  .enabled(if: Laboratory.has("buildah") && Laboratory.has("docker-registry"), "make test prepares the peers"))
struct PublishTests {
  private let all =
    ["docker/base:1 hub", "docker/other:1 hub", "docker/science:1 hub"]
    + [
      "sif/base:1 hub", "sif/other:1 hub", "sif/science:1 hub", "sif/base:1 web", "sif/other:1 web",
      "sif/science:1 web",
    ]

  @Test func onlyWhatChangedIsPublished() async throws {
    try await Registry.with { registry in
      let proxy = try BreakingProxy(to: registry.address)
      let tree = try await Repository.toRelease(at: proxy.name)
      #expect(try await tree.releasePlan().sorted() == all.map { "+ " + $0 }.sorted())
      _ = try await tree.release("publish", "--yes", expecting: 1)
      #expect(try tree.published(registry).isEmpty, "half of a tree is not published")
      try await tree.build()
      _ = try await tree.release("publish", "--yes")
      let first = try tree.published(registry)
      #expect(first.count == 15)
      // Another tool finds what the registry keeps.
      let raw = try await tree.run(
        ["skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(registry.address)/team/science:latest"])
      #expect("\(Digest.sha256(raw.output))" == first["science:latest"], "\(raw.all)")
      #expect(try await tree.releasePlan() == [])

      // What is there costs a HEAD for each name.
      let before = try registry.requests().count
      _ = try await tree.release("publish", "--yes")
      let asked = try registry.requests()[before...]
      #expect(asked.count == 12 && asked.allSatisfy { $0.hasPrefix("HEAD /v2/team/") }, "\(asked)")

      try tree.write("share/docker/science/1/data", "edited\n")
      #expect(
        try await tree.releasePlan() == ["~ docker/science:1 hub", "? sif/science:1 hub", "? sif/science:1 web"])
      try await tree.build()
      let start = try registry.requests().count
      let bytes = proxy.sent
      let missing = try expectEvents(try await tree.release("publish", "--yes", "--progress", "json"))
      // No more goes there than is missing, and the manifests.
      #expect(missing...(missing + 16_384) ~= proxy.sent - bytes)
      let sent = try registry.requests()[start...].filter { !$0.hasPrefix("HEAD") && !$0.hasPrefix("GET") }
      #expect(!sent.isEmpty && sent.allSatisfy { $0.contains("/v2/team/science/") }, "\(sent)")
      let second = try tree.published(registry)
      for (name, digest) in first { #expect((second[name] == digest) == !name.hasPrefix("science"), "\(name)") }

      // The layer of base was mounted, not sent: science has it without a second upload.
      let releases =
        try JSONValue(parsing: try await tree.release("releases", "--json").output)["releases"]?.array ?? []
      #expect(releases.map { $0["published"]?.array?.count } == [5, 15])
      _ = try await tree.release("publish", "--rollback", "--yes")
      #expect(try tree.published(registry) == first)
    }
  }

  /// Of science: an image, and its file at two places; every byte that is said to be missing is told to have come.
  /// - Returns: how many of them go to the hub.
  private func expectEvents(_ run: Run) throws -> Int {
    let events = try run.events
    func all(_ name: String) -> [JSONValue] { events.filter { $0["event"]?.string == name } }
    let ids = ["docker/science:1 hub", "sif/science:1 hub", "sif/science:1 web"]
    for name in ["started", "finished"] {
      let found = all(name).map { "\($0["id"]?.string ?? "") \($0["destination"]?.string ?? "")" }
      #expect(found == ids, "\(run.all)")
    }
    #expect(all("started").map { $0["total"]?.integer } == all("finished").map { $0["bytes"]?.integer }, "\(run.all)")
    #expect(all("finished").allSatisfy { $0["bytes"]?.integer ?? 0 > 0 }, "\(run.all)")
    #expect(all("switched").count == 5)
    let done = events.last
    #expect(done?["event"]?.string == "done" && done?["complete"]?.bool == true && done?["names"]?.integer == 5)
    return all("started").filter { $0["destination"]?.string == "hub" }.compactMap { $0["total"]?.integer }.reduce(0, +)
  }

  /// The room and the time that the builds will need, and how much will be sent at most.
  @Test func thePlanSaysWhatItNeedsAndIsPutWhereOthersSeeIt() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address)
      _ = try await tree.release("publish", "--yes")
      try tree.write("share/docker/base/1/data", "edited\n")
      let run = try await tree.release("plan", "--out", "release_plan.yaml", "--html", "plan.html", "--json", "--put")
      let totals = try JSONValue(parsing: run.output)["totals"]
      let sizes = try tree.lockfile().split(separator: "\n").compactMap { line in
        line.hasPrefix("    size: ") ? Int(line.dropFirst("    size: ".count)) : nil
      }
      let (disk, later) = (totals?["diskBytes"]?.integer ?? 0, totals?["laterBytes"]?.integer ?? 0)
      // base, science and their files; files go to two places, images to one.
      #expect(disk > 0 && disk < sizes.reduce(0, +) && later > disk, "\(run.all)")
      #expect(totals?["freeBytes"]?.integer ?? 0 > disk && totals?["seconds"]?.integer ?? 0 > 0, "\(run.all)")
      let text = try await tree.release("plan").output
      #expect(text.contains(" once the rest is built; ") && text.contains(" of disk for the builds, of "), "\(text)")
      let page = try tree.directory.text("plan.html")
      #expect(page.contains(" of disk") && page.contains("up to "))
      #expect(try tree.directory.text("www/release_plan.yaml") == tree.directory.text("release_plan.yaml"))
      #expect(try tree.directory.text("www/release_plan.html") == page)
      let nowhere = try await tree.release("plan", "--only", "hub", "--put", expecting: 1)
      #expect(nowhere.errorOutput.contains("no destination is a directory"), "\(nowhere.all)")
      // They are no part of a release.
      _ = try await tree.release("apply", "www/release_plan.yaml", "--yes")
      #expect(try tree.directory.text("www/release_plan.html") == page)
      #expect(try await tree.releasePlan() == [])
    }
  }

  @Test func whoLosesTheStoreNeedNotBuildWhatIsPublished() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address, "singularity: false")
      _ = try await tree.release("publish", "--yes")
      try Laboratory.files.removeTree(tree.directory / ".coppice/store")
      #expect(try await tree.coppice("status", "--exit-code").exitCode == 3)
      #expect(try await tree.releasePlan() == [])
      _ = try await tree.release("publish", "--yes")
    }
  }

  /// What was made anew has other times; it stands for what is recorded.
  @Test func whatWasMadeAnewIsPublishedInItsPlace() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address)
      for path in [".coppice", "images"] as [FilePath] { try Laboratory.files.removeTree(tree.directory / path) }
      try await tree.build()
      _ = try await tree.release("publish", "--yes")
      #expect(try tree.published(registry).count == 15)
      #expect(try await tree.releasePlan() == [])
      try tree.write(
        "coppice.yaml", try tree.directory.text("coppice.yaml").replacing("directory: www", with: "directory: images"))
      let refused = try await tree.release("plan", expecting: 2)
      #expect(refused.errorOutput.contains("where coppice keeps what it builds"))
    }
  }

  @Test func whatSomebodyElseMovedIsNotTakenSilently() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address, "singularity: false")
      _ = try await tree.release("publish", "--yes")
      let (mine, theirs) = ("\(registry.address)/team/base:1", "\(registry.address)/team/other:1")
      let moved = try await tree.run(
        [
          "skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://\(theirs)",
          "docker://\(mine)",
        ])
      try #require(moved.exitCode == 0, "\(moved.all)")
      let plan = try await tree.release("plan")
      #expect(plan.errorOutput.contains("somebody else has moved \(mine)"), "\(plan.all)")
      let refused = try await tree.release("publish", "--yes", expecting: 1)
      #expect(refused.errorOutput.contains("somebody else has moved \(mine)"))
      #expect(try registry.digest("team/base", "1") == registry.digest("team/other", "1"))
      _ = try await tree.release("publish", "--yes", "--overwrite")
      #expect(try registry.digest("team/base", "1") != registry.digest("team/other", "1"))
    }
  }

  @Test func aRetiredImageIsNamedAndStays() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address, "singularity: false")
      _ = try await tree.release("publish", "--yes")
      try Laboratory.files.removeTree(tree.directory / "share/docker/other")
      #expect(try await tree.releasePlan() == ["- docker/other:1 hub"])
      _ = try await tree.release("publish", "--yes")
      #expect(try registry.digest("team/other", "1") != nil)
    }
  }

  @Test func nobodyIsAskedWhoIsNotThere() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address, "singularity: false")
      let run = try await tree.release("publish", expecting: 2)
      #expect(run.errorOutput.contains("say --yes"))
      _ = try await tree.release("publish", "--dry-run")
      #expect(try tree.published(registry).isEmpty)
      let unknown = try await tree.release("publish", "--only", "hup", expecting: 2)
      #expect(unknown.errorOutput.contains("did you mean 'hub'?"))
    }
  }

  @Test func aPasswordIsUsedAndShownNowhere() async throws {
    let secret = "s3cret-of-the-registry"
    try await Registry.with(user: "me", password: secret) { registry in
      let tree = try await Repository.builtToRelease(at: registry.address, "singularity: false")
      let denied = try await tree.release("publish", "--yes", expecting: 1)
      #expect(denied.errorOutput.contains("denies access"), "\(denied.all)")
      // "me:" and the password in Base64.
      let login = "bWU6czNjcmV0LW9mLXRoZS1yZWdpc3RyeQ=="
      try tree.write(
        "home/.docker/config.json", #"{"auths":{"\#(registry.address)":{"auth":"\#(login)"}}}"#, mode: 0o600)
      _ = try await tree.release("plan", "--out", "release_plan.yaml", "--html", "plan.html", "--put")
      let run = try await tree.release("publish", "--yes", "--verbose")
      #expect(!run.all.contains(secret) && !run.all.contains(login))
      let found = try await tree.run(
        ["grep", "-rlE", "--exclude-dir=home", "\(secret)|\(login)", tree.directory.path.description])
      #expect(found.output.isEmpty, "\(found.output)")
    }
  }
}
