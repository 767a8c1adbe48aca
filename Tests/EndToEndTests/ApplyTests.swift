import Glibc
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Plans as files, of a tree at a real registry and in a directory.
@Suite(
  .serialized,
  .enabled(if: Laboratory.has("buildah") && Laboratory.has("docker-registry"), "make test prepares the peers"))
struct ApplyTests {
  private func decide(_ decisions: String, _ tree: Repository) throws {
    let text = try tree.directory.text("release_plan.yaml")
    try tree.write("release_plan.yaml", text.replacing("decisions:\n  ignore: []\n  hold: []\n", with: decisions))
  }

  /// What `apply --json` says has moved, by kind; it is refused and publishes nothing.
  private func refusal(_ tree: Repository, _ registry: Registry) async throws -> [(kind: String, message: String)] {
    let before = try tree.published(registry)
    let run = try await tree.release("apply", "release_plan.yaml", "--yes", "--json", expecting: 1)
    #expect(try tree.published(registry) == before)
    let json = try JSONValue(parsing: run.output)
    #expect(json["applied"]?.bool == false)
    #expect(run.errorOutput.contains("does not hold any more"), "\(run.all)")
    return json["moved"]?.array?.map { ($0["kind"]?.string ?? "", $0["message"]?.string ?? "") } ?? []
  }

  @Test func aPlanIsBuiltAndPublished() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.toRelease(to: registry)
      let plan = try await tree.release("plan", "--out", "release_plan.yaml", "--why", "--html", "plan.html")
      #expect(plan.output.contains("never built"), "\(plan.all)")
      #expect(try tree.directory.text("plan.html").contains("docker/science:1"))
      _ = try await tree.release("apply", "release_plan.yaml", "--dry-run")
      #expect(try tree.published(registry).isEmpty)
      let applied = try await tree.release("apply", "release_plan.yaml", "--yes")
      #expect(applied.output.contains("published 15 names"), "\(applied.all)")
      let first = try tree.published(registry)
      #expect(first.count == 15)
      #expect(try await tree.releasePlan() == [])

      // It may be applied again: what it made itself is no movement.
      let again = try await tree.release("apply", "release_plan.yaml", "--yes")
      #expect(again.output.contains("nothing is left to do"), "\(again.all)")

      // Only science changes; its SIFs follow from a build to come.
      try tree.write("share/docker/science/1/data", "edited\n")
      _ = try await tree.release("plan", "-o", "next.yaml")
      let run = try await tree.release("apply", "next.yaml", "--yes", "--json")
      let json = try JSONValue(parsing: run.output)
      #expect(json["applied"]?.bool == true, "\(run.all)")
      #expect(json["build"]?.strings == ["docker/science:1", "sif/science:1"])
      let second = try tree.published(registry)
      for (name, digest) in first { #expect((second[name] == digest) == !name.hasPrefix("science"), "\(name)") }

      // And what was taken back is published again by the plan that made it.
      _ = try await tree.release("publish", "--rollback", "--yes")
      #expect(try tree.published(registry) == first)
      _ = try await tree.release("apply", "next.yaml", "--yes")
      #expect(try tree.published(registry) == second)
    }
  }

  @Test func aPlanIsRefusedOnceSomethingHasMoved() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address, "singularity: false")
      _ = try await tree.release("publish", "--yes")
      try tree.write("share/docker/science/1/data", "edited\n")
      _ = try await tree.release("plan", "--out", "release_plan.yaml")

      // The tree: a file, a definition.
      try tree.write("share/docker/other/1/data", "edited\n")
      let edited = try await refusal(tree, registry)
      #expect(edited.contains { $0 == ("tree", "docker/other:1 was edited") }, "\(edited)")
      try tree.write("share/docker/science/1/data", "edited otherwise\n")
      let other = try await refusal(tree, registry)
      #expect(other.contains { $0 == ("tree", "docker/science:1 was edited") }, "\(other)")
      try tree.write("share/docker/science/1/data", "edited\n")

      // A plan of something else does not mind.
      _ = try await tree.release("plan", "docker/base", "--out", "base.yaml")
      try tree.write("share/docker/other/1/data", "edited again\n")
      _ = try await tree.release("apply", "base.yaml", "--dry-run")

      // The lockfile: somebody else's build of another edit, and none of all.
      let lock = try tree.directory.text("coppice.lock")
      try await tree.build("other", "--touch")
      try tree.write("share/docker/other/1/data", "other\n")
      let built = try await refusal(tree, registry)
      #expect(built.contains { $0 == ("lock", "coppice.lock has another record of docker/other:1") }, "\(built)")
      try tree.write("coppice.lock", "")
      let gone = try await refusal(tree, registry)
      #expect(gone.contains { $0 == ("lock", "coppice.lock has no record of docker/other:1 any more") }, "\(gone)")
      try tree.write("coppice.lock", lock)
      _ = try await tree.release("apply", "release_plan.yaml", "--dry-run")

      // A destination: another one under its name, none.
      let settings = try tree.directory.text("coppice.yaml")
      try tree.write("coppice.yaml", settings.replacing("directory: www", with: "directory: elsewhere"))
      let elsewhere = try await refusal(tree, registry)
      #expect(elsewhere.count == 1 && elsewhere[0].kind == "destination", "\(elsewhere)")
      #expect(elsewhere[0].message.hasPrefix("the destination 'web' is another one: directory elsewhere; "))
      try tree.write("coppice.yaml", settings.replacing("web: {directory: www}", with: ""))
      #expect(
        try await refusal(tree, registry).map(\.message) == ["coppice.yaml has no destination 'web' any more"])
      try tree.write("coppice.yaml", settings)

      // A definition that is gone.
      let definition = try tree.directory.text("share/docker/other/1/casa_distro_docker.yaml")
      try Laboratory.files.remove(tree.directory / "share/docker/other/1/casa_distro_docker.yaml")
      #expect(try await refusal(tree, registry).map(\.message) == ["the tree has no docker/other:1 any more"])
      try tree.write("share/docker/other/1/casa_distro_docker.yaml", definition)
      _ = try await tree.release("apply", "release_plan.yaml", "--dry-run")

      // A tag, though nothing would be published under it.
      let (mine, theirs) = ("\(registry.address)/team/base:1", "\(registry.address)/team/other:1")
      let moved = try await tree.run(
        [
          "skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://\(theirs)",
          "docker://\(mine)",
        ])
      try #require(moved.exitCode == 0, "\(moved.all)")
      let tag = try await refusal(tree, registry)
      #expect(tag.contains { $0.kind == "destination" && $0.message.hasPrefix("\(mine) at 'hub' leads to ") }, "\(tag)")
      let drift = try await tree.release("plan")
      #expect(drift.errorOutput.contains("somebody else has moved \(mine) since the release 20"), "\(drift.all)")
      _ = try await tree.release("plan", "docker/base", "--out", "base.yaml")
      let drifted = try await tree.release("apply", "base.yaml", "--yes", expecting: 1)
      #expect(drifted.errorOutput.contains("somebody else has moved \(mine)"), "\(drifted.all)")
      _ = try await tree.release("apply", "base.yaml", "--yes", "--overwrite")
      #expect(try registry.digest("team/base", "1") == registry.digest("team/base", "latest"))
    }
  }

  @Test func aPlanThatWasEditedIsRefusedButForItsDecisions() async throws {
    try await Registry.with { registry in
      let tree = try await Repository.toRelease(to: registry, "singularity: false")
      _ = try await tree.release("plan", "--out", "release_plan.yaml")
      let unbuilt = try tree.directory.text("release_plan.yaml")
      // A build keeps the plan up to date, without asking the registry.
      let requests = try registry.requests().count
      try await tree.build()
      #expect(try registry.requests().count == requests)
      let text = try tree.directory.text("release_plan.yaml")
      #expect(unbuilt.contains("action: build") && !text.contains("action: build") && text.contains("action: publish"))
      try tree.write("release_plan.yaml", text.replacing("action: publish", with: "action: keep"))
      let edited = try await tree.release("apply", "release_plan.yaml", "--yes", expecting: 2)
      #expect(edited.errorOutput.contains("edited beyond its decisions"), "\(edited.all)")
      try tree.write("release_plan.yaml", text)

      try decide(
        """
        decisions:
          ignore: [other]
          hold:
            - target: 'docker/base:*'
              note: until Monday

        """, tree)
      let applied = try await tree.release("apply", "release_plan.yaml", "--yes")
      #expect(applied.output.contains("held back: until Monday"), "\(applied.all)")
      #expect(Set(try tree.published(registry).keys) == ["science:1", "science:latest"])
      // They outlive the plan, and publish follows them.
      _ = try await tree.release("publish", "--yes")
      _ = try await tree.release("plan", "--out", "release_plan.yaml")
      #expect(try tree.directory.text("release_plan.yaml").contains("note: until Monday"))
      #expect(Set(try tree.published(registry).keys) == ["science:1", "science:latest"])

      let other = try tree.directory.text("release_plan.yaml").replacing("- other", with: "- othre")
      try tree.write("release_plan.yaml", other)
      let misspelt = try await tree.release("publish", "--yes", expecting: 2)
      #expect(
        misspelt.errorOutput.contains("release_plan.yaml:7:7: error: the decision about 'othre'"), "\(misspelt.all)")
      let refused = try await tree.release("plan", "--out", "coppice.yaml", expecting: 2)
      #expect(refused.errorOutput.contains("would be lost"))
    }
  }

  /// Killed anywhere: what a plan has built and published before that does not make it stale.
  @Test func anApplicationThatWasKilledGoesOn() async throws {
    var random = SeededGenerator(seed: Soak.start)
    try await Registry.with { registry in
      let tree = try await Repository.builtToRelease(at: registry.address, "singularity: false")
      _ = try await tree.release("publish", "--yes")
      for kill in 0..<(Soak.factor > 1 ? 20 * Soak.factor : 1) {
        let what = Comment("kill \(kill) of seed \(Soak.start)")
        let old = try tree.published(registry)
        for image in ["base", "science", "other"] {
          try tree.write("share/docker/\(image)/1/data", "\(image) \(kill)\n")
        }
        // Of a tree that is built it publishes alone, which is shorter.
        let isBuilt = kill % 2 == 1
        if isBuilt { try await tree.build() }
        _ = try await tree.release("plan", "--out", "release_plan.yaml")
        let killed = try await tree.start("apply", "release_plan.yaml", "--yes")
        try await Task.sleep(for: .seconds(isBuilt ? 1 : 3) * Double.random(in: 0...1, using: &random))
        killed.send(SIGKILL)
        _ = try await killed.end()
        _ = try await tree.release("apply", "release_plan.yaml", "--yes")
        let new = try tree.published(registry)
        #expect(new.count == 6 && new.allSatisfy { old[$0.key] != $0.value }, what)
        #expect(try await tree.releasePlan() == [], what)
      }
    }
  }

  @Test func oneDestinationThatIsDownHidesNoOther() async throws {
    // Nobody listens there.
    let tree = try await Repository.toRelease(at: "127.0.0.1:1")
    let run = try await tree.release("plan", "--out", "release_plan.yaml", expecting: 1)
    #expect(run.output.contains("! docker/base:1: unknown: 127.0.0.1:1 cannot be reached: "), "\(run.all)")
    #expect(run.output.contains("+ sif/base:1: new as base-1.sif"), "\(run.all)")
    #expect(run.errorOutput.contains("the destination 'hub' cannot be asked"), "\(run.all)")
    let refused = try await tree.release("apply", "release_plan.yaml", "--yes", expecting: 1)
    #expect(refused.errorOutput.contains("the plan does not know what the destination 'hub' holds"), "\(refused.all)")
    let unpublished = try await tree.release("publish", "--yes", expecting: 1)
    #expect(unpublished.errorOutput.contains("error: 127.0.0.1:1 cannot be reached"), "\(unpublished.all)")
    _ = try await tree.release("plan", "--only", "web")
  }
}
