import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

extension IncrementalTests {
  /// Outputs, records, targets, policies and generators.
  static let records: [Row] = [
    Row("a missing output that was asked for", runs: ["base =: missing"]) { $0.loseOutput("base") },
    Row("a damaged output that was asked for", runs: ["base =: damaged"]) { world in
      world.runner.damage(try #require(world.record("base")).output.digest)
    },
    Row("a missing output that nobody needs", "science", runs: [], later: ["base =: missing"]) {
      $0.loseOutput("base")
    },
    Row(
      "missing outputs that a step needs", "science",
      runs: ["base =: missing", "python =: missing", "science: context ~file"]
    ) { world in
      world.loseOutput("base")
      world.loseOutput("python")
      world.edit("science")
    },
    Row(
      "a missing output that only a restored step would need", "python", runs: ["python <: never"],
      later: ["base =: missing"]
    ) { world in
      world.loseOutput("base")
      try world.change { $0[TreeText.id("python")] = nil }
    },
    Row(
      "a missing output that the next but one would need", "science", runs: ["science: context ~file"],
      later: ["base =: missing"]
    ) { world in
      world.loseOutput("base")
      world.edit("science")
    },
    Row("a lost record", runs: ["base <: never"]) { try $0.change { $0[TreeText.id("base")] = nil } },
    Row("a lost record and a lost map", runs: ["base: never"]) { world in
      world.runner.forgetMap()
      try world.change { $0[TreeText.id("base")] = nil }
    },
    Row(
      "a lost lockfile",
      runs: ["base <: never", "python <: never", "lonely <: never", "science <: never", "tools <: never"]
    ) { $0.files.delete("coppice.lock") },
    Row("a lost file index", runs: []) { $0.index = FileIndex() },
    Row(
      "one target brings its stale upstream and no other", "science",
      runs: ["base: context ~file", "python: from base", "science: from python"],
      later: ["tools: context ~file, from base"]
    ) {
      world in
      world.edit("base")
      world.edit("tools")
    },
    Row("a target that is not affected", "lonely", runs: [], later: ["base: context ~file"] + belowBase) {
      $0.edit("base")
    },
    Row("force", "base", runs: ["base: forced cve"], later: belowBase) { $0.options.force = "cve" },
    Row("force where the store knows the answer", "science", runs: ["science: forced cve, never"]) { world in
      try world.change { $0[TreeText.id("science")] = nil }
      world.options.force = "cve"
    },
    Row("force and an edit", "science", runs: ["science: forced cve, context ~file"]) { world in
      world.options.force = "cve"
      world.edit("science")
    },
    Row("force of an image that churns", "base", runs: ["base =: forced cve"]) { world in
      world.runner.churn("base")
      world.edit("base")
      try await world.build()
      world.options.force = "cve"
    },
    Row("an image that is too old", runs: ["base: old"] + belowBase) { world in
      world["base"].maxAge = .seconds(86_400)
      try await world.build()
      world.files.tick(.seconds(86_500))
    },
    Row("an image that is too old and was edited", "base", runs: ["base: old, context ~file"], later: belowBase) {
      world in
      world["base"].maxAge = .seconds(86_400)
      try await world.build()
      world.edit("base")
      world.files.tick(.seconds(86_500))
    },
    Row("an image that is not too old yet", runs: []) { world in
      world["base"].maxAge = .seconds(86_400)
      try await world.build()
      world.files.tick(.seconds(80_000))
    },
    Row("a build that failed before", runs: ["python: context ~file", "science: from python"]) { world in
      world.edit("python")
      world.runner.fail("python")
      try await world.build()
      world.runner.heal("python")
    },
    Row(
      "an input of a generator",
      runs: ["generate/science/1:data.tar: context ~list", "science: from generate/science/1:data.tar"]
    ) {
      world in
      try await world.addGenerator()
      world.edit("science", "more", file: "list")
    },
    Row("an input of a generator that makes the same", runs: ["generate/science/1:data.tar =: context ~list"]) {
      world in
      let id = try await world.addGenerator()
      world.runner.behave(id) { _ in ArtifactOutput(digest: .sha256("the same"), size: 1) }
      world.edit("science", "more", file: "list")
      try await world.build()
      world.edit("science", "even more", file: "list")
    },
    Row(
      "another version of a generator's program",
      runs: ["generate/science/1:data.tar: context ~program make-it", "science: from generate/science/1:data.tar"]
    ) {
      world in
      try await world.addGenerator()
      world.files.write("/bin/make-it", "version 2", mode: 0o755)
    },
  ]
}
