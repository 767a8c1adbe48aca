import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What `build` promises beside the main job, with a real engine.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.has("buildah"), "make test prepares the peers"))
struct BuildTests {
  /// shell ← app, where app writes what changes with every run.
  private func repository(_ more: String = "") async throws -> Repository {
    let tree = try await Repository()
    try tree.defineShell()
    try tree.define(
      "app/1", "image_sources:\n  - name: app\n    tags: [latest, '1']\n\(more)",
      dockerfile: "FROM cati/shell:1\nCOPY text /app\n")
    try tree.write("share/docker/app/1/text", "app\n")
    return tree
  }

  @Test func everyEventOfABuildIsTold() async throws {
    let tree = try await repository()
    try tree.define(
      "broken/1", "image_sources:\n  - {name: broken, tags: ['1']}\n",
      dockerfile: "FROM cati/shell:1\nRUN [\"/bin/busybox\", \"false\"]\n")
    try tree.define(
      "blocked/1", "image_sources:\n  - {name: blocked, tags: ['1']}\n", dockerfile: "FROM cati/broken:1\n")
    let first = try await tree.coppice("build", "--progress", "json", "-k", "-j", "2")
    #expect(first.exitCode == 1)
    let events = try first.events
    func position(_ event: String, _ id: String) -> Int? {
      events.firstIndex { $0["event"]?.string == event && $0["id"]?.string == id }
    }
    for id in ["docker/shell:1", "docker/app:1", "docker/broken:1"] {
      let (started, finished) = (try #require(position("started", id)), try #require(position("finished", id)))
      #expect(started < finished)
      #expect((events[finished]["seconds"]?.double ?? -1) >= 0)
    }
    #expect(position("started", "docker/blocked:1") == nil, "a blocked step never starts")
    #expect(events.count { $0["event"]?.string == "finished" } == 4)
    let done = try #require(try first.done)
    for (name, count) in [("built", 2), ("failed", 1), ("skipped", 1), ("unchanged", 0), ("restored", 0)] {
      #expect(done[name]?.integer == count, "\(name)")
    }
    #expect(done["seconds"]?.double != nil)
    // The log is on standard error and in its file.
    #expect(first.errorOutput.contains("docker/broken:1") && first.errorOutput.contains(".coppice/logs/"))

    try tree.define(
      "broken/1", "image_sources:\n  - {name: broken, tags: ['1']}\n", dockerfile: "FROM cati/shell:1\nUSER 1\n")
    #expect(try await tree.build() == ["docker/blocked:1 built", "docker/broken:1 built"])
    #expect(try await tree.build() == [])
    try tree.write("share/docker/app/1/text", "other\n")
    #expect(try await tree.build("app") == ["docker/app:1 built"])
    try tree.write("share/docker/app/1/text", "app\n")
    #expect(try await tree.build("-j1") == ["docker/app:1 restored"])
    // A change of an input that changes nothing in the image.
    try tree.write(
      "share/docker/app/1/casa_distro_docker.yaml",
      "image_sources:\n  - name: app\n    tags: [latest, '1']\n    test: [/bin/busybox, 'true']\n")
    #expect(try await tree.build() == ["docker/app:1 unchanged"])
  }

  @Test func lostAndDamagedOutputsAreReasons() async throws {
    let tree = try await repository()
    try await tree.build()
    let lock = try tree.directory.text("coppice.lock")
    let block = try #require(lock.split(separator: "  docker/shell:1:\n").last)
    let manifest = try #require(block.split(separator: "\n").first { $0.contains("manifest: sha256:") })
    let digest = try #require(manifest.split(separator: ":").last)
    let blob = tree.directory / FilePath(".coppice/store/blobs/sha256/\(digest)")
    let bytes = try Laboratory.files.contents(of: blob, limit: 1 << 20)
    try Laboratory.files.replace(blob, with: bytes + [10], mode: 0o644)
    #expect(try await tree.reasons(of: "docker/shell:1") == ["outputDamaged"])
    #expect(try await tree.states() == ["docker/app:1": "may", "docker/shell:1": "stale"])
    try Laboratory.files.remove(blob)
    #expect(try await tree.reasons(of: "docker/shell:1") == ["outputMissing"])
    // Nobody asks for it, and what uses it is current.
    #expect(try await tree.build("app") == [])
    #expect(try await tree.build() == ["docker/shell:1 unchanged"])
    #expect(try tree.directory.text("coppice.lock") == lock)
    #expect(try await tree.coppice("verify").exitCode == 0)
  }

  @Test func anUpstreamThatWasBuiltAloneIsAReason() async throws {
    let tree = try await repository()
    try await tree.build()
    try tree.write("share/docker/shell/1/text", "two\n")
    #expect(try await tree.build("shell") == ["docker/shell:1 built"])
    let reason = try #require(try await tree.status(of: "docker/app:1")["reasons"]?[0])
    #expect(reason["kind"]?.string == "upstreamChanged")
    #expect(reason["id"]?.string == "docker/shell:1")
    #expect(reason["from"]?.string?.hasPrefix("sha256:") == true && reason["from"] != reason["to"])
    #expect(try await tree.states()["docker/app:1"] == "stale")
    #expect(try await tree.build() == ["docker/app:1 built"])
  }

  @Test func aForcedBuildRunsWithoutTheCacheAndItsReasonIsKept() async throws {
    let tree = try await repository()
    try tree.define(
      "app/1", "image_sources:\n  - name: app\n    tags: [latest, '1']\n",
      dockerfile: "FROM cati/shell:1\nRUN [\"/bin/busybox\", \"sh\", \"-c\", \"busybox cat /proc/uptime > /now\"]\n")
    try await tree.build()
    let before = try await tree.layers("app:1")
    #expect(try await tree.build("app", "--force", "security updates") == ["docker/app:1 built"])
    #expect(try await tree.layers("app:1") != before, "the layer cache was not used")
    #expect(try tree.directory.text("coppice.lock").contains("generation: 1\n"))
    #expect(try await tree.states() == ["docker/app:1": "current", "docker/shell:1": "current"])
    let history = try JSONValue(parsing: try await tree.coppice("history", "app", "--json").output)
    let last = try #require(history["builds"]?[0])
    #expect(last["reasons"] == [["kind": "forced", "reason": "security updates"]])
    #expect(last["outcome"]?.string == "built")
    let number = try #require(last["number"]?.integer)
    let past = try await tree.coppice("explain", "app", "--build", "\(number)")
    #expect(past.output.contains("forced: security updates"), "\(past.all)")
    let log = try await tree.coppice("log", "app", "--build", "\(number)")
    #expect(log.output.contains("/proc/uptime"), "\(log.all)")
    #expect(try await tree.coppice("log", "app", "--build", "\(number + 1)").exitCode == 2)
    // Forced again: it is not restored.
    #expect(try await tree.build("app", "--force", "again") == ["docker/app:1 built"])
    #expect(try tree.directory.text("coppice.lock").contains("generation: 2\n"))
    #expect(try await tree.coppice("history").output.contains("forced: again"))
    // What is forced and comes out identical leaves its dependents alone.
    #expect(try await tree.build("shell", "--force", "same") == ["docker/shell:1 unchanged"])
    #expect(try await tree.build() == [])
  }

  @Test func whatAForcedBuildRenewedIsNotUndoneByTheLayerCache() async throws {
    let tree = try await repository()
    try tree.define(
      "app/1", "image_sources:\n  - name: app\n    tags: [latest, '1']\n",
      dockerfile: """
        FROM cati/shell:1
        RUN ["/bin/busybox", "sh", "-c", "busybox cat /proc/uptime > /now"]
        COPY file /file

        """)
    try tree.write("share/docker/app/1/file", "one")
    try await tree.build()
    let first = try await tree.layers("app:1")
    try await tree.build("app", "--force", "security updates")
    let forced = try await tree.layers("app:1")
    #expect(forced != first)
    // The layer of the instruction that was renewed, before the one of the file. An engine that starts late takes it for
    // older than it may be and renews it once more; it never goes back to what was.
    var (last, isTaken) = (forced, false)
    for round in 0..<5 where !isTaken {
      try tree.write("share/docker/app/1/file", "edit \(round)")
      #expect(try await tree.build() == ["docker/app:1 built"])
      let next = try await tree.layers("app:1")
      #expect(next.dropLast() != first.dropLast())
      (last, isTaken) = (next, next.dropLast() == last.dropLast())
    }
    #expect(isTaken)
  }

  @Test func anOldImageIsBuiltFromScratch() async throws {
    let tree = try await repository("    max_age: 1d\n")
    try await tree.build()
    #expect(try await tree.build() == [])
    // As if it had been built three days ago.
    let lock = try tree.directory.text("coppice.lock")
    let line = try #require(lock.split(separator: "\n").first { $0.contains("    refreshed: ") })
    let time = try #require(Int(line.split(separator: " ").last ?? ""))
    var block = try #require(lock.split(separator: "artifacts:\n").last.map(String.init))
    block = String(block[..<(try #require(block.firstRange(of: "    check: ")?.lowerBound))])
    let aged = block.replacing("refreshed: \(time)", with: "refreshed: \(time - 3 * 86_400)")
    func check(_ text: String) -> String { String(Digest.sha256(Array(text.utf8)).hex.prefix(16)) }
    try #require(lock.contains(check(block)), "the checksum of a block is that of its other lines")
    try tree.write("coppice.lock", lock.replacing(block, with: aged).replacing(check(block), with: check(aged)))
    let reasons = try #require(try await tree.status(of: "docker/app:1")["reasons"])
    #expect(reasons == [["kind": "tooOld", "since": .integer(time - 3 * 86_400)]])
    #expect(try await tree.build() == ["docker/app:1 unchanged"])
    #expect(try tree.directory.text("coppice.lock").contains("generation: 1\n"))
    #expect(try await tree.build() == [])
  }

  @Test func aTouchedTreeBuildsOnlyWhatAStepNeeds() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try await tree.build("--touch", "all")
    #expect(try await tree.build() == [])
    let dockerfile: FilePath = "share/docker/python/1/Dockerfile"
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + "RUN echo more > /more\n")
    #expect(try await tree.reasons(of: "docker/base:1") == ["outputMissing"], "python needs its bytes")
    #expect(
      try await tree.build("python") == ["docker/base:1 built", "docker/python:1 built"])
    let lock = try tree.directory.text("coppice.lock")
    let tools = try #require(lock.split(separator: "docker/tools:1:\n").last)
    #expect(tools.contains("assumed: true"))
  }

  @Test func theEditAtTheRootOfATouchedTreeIsTheOnlyReason() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try await tree.build("--touch", "all")
    let dockerfile: FilePath = "share/docker/base/1/Dockerfile"
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + "ENV A=1\n")
    #expect(
      try await tree.states() == [
        "docker/base:1": "stale", "docker/python:1": "may", "docker/science:1": "may", "docker/tools:1": "may",
      ])
    #expect(
      try await tree.build() == [
        "docker/base:1 built", "docker/python:1 built", "docker/science:1 built", "docker/tools:1 built",
      ])
  }

  @Test func anInterruptedBuildSaysDoneAndGoesOnLater() async throws {
    let tree = try await repository()
    try tree.define(
      "slow/1", "image_sources:\n  - {name: slow, tags: ['1']}\n",
      dockerfile: "FROM cati/shell:1\nRUN [\"/bin/busybox\", \"sleep\", \"60\"]\n")
    try await tree.build("shell")
    let program = (Laboratory.binaries / "coppice").description
    let run = try await tree.run([
      "timeout", "--foreground", "--preserve-status", "-s", "INT", "3", program, "build", "-j1", "--progress", "json",
      "slow",
    ])
    #expect(run.exitCode == 130, "\(run.all)")
    #expect(try run.done != nil, "\(run.all)")
    #expect(try await tree.states()["docker/slow:1"] == "stale")
    try tree.define(
      "slow/1", "image_sources:\n  - {name: slow, tags: ['1']}\n", dockerfile: "FROM cati/shell:1\nUSER 1\n")
    #expect(try await tree.build("slow") == ["docker/slow:1 built"])
  }

  @Test(arguments: ["buildah", "docker"])
  func loadGivesAnImageWithAllItsTags(engine: String) async throws {
    let tree = try await Repository(engine: engine, hasOwnEngineStore: engine == "buildah")
    let namespace = "load-\(engine)"
    try tree.write("coppice.yaml", "namespace: \(namespace)\nsingularity: false\n")
    try tree.defineShell()
    try await tree.build()
    let names = ["\(namespace)/shell:1", "\(namespace)/shell:latest"]
    func remove() async throws { for name in names { _ = try await tree.run([engine, "rmi", "--force", name]) } }
    try await remove()
    let run = try await tree.coppice("load", "shell")
    #expect(run.exitCode == 0, "\(run.all)")
    for name in names {
      let inspected = try await tree.run([engine, "inspect", "--type", "image", name])
      #expect(inspected.exitCode == 0, "\(name): \(inspected.all)")
    }
    try await remove()
  }

  @Test func garbageGoesAndWhatIsNamedStays() async throws {
    let tree = try await repository()
    try await tree.build()
    try tree.write("share/docker/app/1/text", "two\n")
    try await tree.build()
    let dry = try JSONValue(parsing: try await tree.coppice("gc", "-n", "--json").output)
    #expect(dry["dryRun"]?.bool == true)
    let removed = dry["removed"]?.array?.count ?? 0
    #expect(removed > 0)
    let real = try JSONValue(parsing: try await tree.coppice("gc", "--json").output)
    #expect(real["removed"] == dry["removed"] && real["kept"] == dry["kept"])
    #expect(try await tree.coppice("gc").output.hasPrefix("0 blobs removed"))
    #expect(try await tree.build() == [])
    #expect(try await tree.coppice("verify").exitCode == 0)
    // What was collected is built again.
    try tree.write("share/docker/app/1/text", "app\n")
    #expect(try await tree.build() == ["docker/app:1 built"])
  }

  @Test func temporaryFilesLieWhereTheyAreWantedAndGo() async throws {
    let tree = try await repository()
    let place = try TemporaryDirectory()
    let run = try await tree.coppice(
      ["build"], environment: ["TMPDIR": place.path.description, "COPPICE_JOBS": "1"])
    #expect(run.exitCode == 0, "\(run.all)")
    #expect(try Laboratory.files.entries(of: place.path).isEmpty)
    let left = try await tree.run(["find", ".coppice/tmp", "-mindepth", "1"])
    #expect(left.output == "", "\(left.all)")
  }
}
