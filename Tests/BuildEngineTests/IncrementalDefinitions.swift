import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

extension IncrementalTests {
  /// What definitions, Dockerfiles, bases and upstreams say.
  static let definitions: [Row] = [
    Row("an instruction put in", runs: ["science: dockerfile +RUN true"]) {
      $0.dockerfile("science", "FROM cati/python:1", "RUN true", "COPY . /")
    },
    Row("an instruction taken out", runs: ["science: dockerfile -COPY . /"]) {
      $0.dockerfile("science", "FROM cati/python:1")
    },
    Row("an instruction changed", runs: ["science: dockerfile ~COPY . /opt"]) {
      $0.dockerfile("science", "FROM cati/python:1", "COPY . /opt")
    },
    Row("two instructions swapped", runs: ["science: dockerfile -FROM cati/python:1, dockerfile +FROM cati/python:1"]) {
      $0.dockerfile("science", "COPY . /", "FROM cati/python:1")
    },
    Row("a build argument", runs: ["science: argument +JOBS"]) { $0["science"].buildArguments = ["JOBS": "4"] },
    Row("a build argument changed", runs: ["science: argument ~JOBS"]) { world in
      world["science"].buildArguments = ["JOBS": "4"]
      try await world.build()
      world["science"].buildArguments = ["JOBS": "5"]
    },
    Row("a target", runs: ["science: recipe +target"]) { $0["science"].target = "runtime" },
    Row("a test command", runs: ["science: recipe +test"]) { $0["science"].test = ["true"] },
    Row("a reproducible image", runs: ["science: recipe +reproducible"]) { $0["science"].isReproducible = true },
    Row("another platform", runs: ["lonely: recipe ~platform, moved debian:12"]) {
      $0["lonely"].platform = Platform(os: "linux", architecture: "arm64")
    },
    Row("secrets, aliases, visibility, conversion", runs: []) { world in
      world["science"].secrets = [BuildSecret(id: "token", source: .environment("TOKEN"))]
      world["science"].aliases = [TreeText.reference("alias:1")]
      world["science"].visibility = .private
      world["science"].singularity = Singularity(compression: .zstd)
    },
    Row("a base that moved", runs: ["base: moved ubuntu:24.04"] + belowBase) {
      try $0.moveBase("docker.io/library/ubuntu:24.04", to: "newer")
    },
    Row("a tag that moved and was not updated", runs: []) {
      $0.resolver.digests.withLock { $0["docker.io/library/ubuntu:24.04"] = .sha256("newer") }
    },
    Row("another upstream", runs: ["science: dockerfile ~FROM cati/tools:1, upstream -python, upstream +tools"]) {
      $0.plant(TreeText(tree.replacing("python <- science", with: "python, tools <- science")))
    },
    Row("a new image", runs: ["new: never"]) { $0.plant(TreeText(tree + ", python <- new")) },
    Row(
      "an image between two",
      runs: ["middle: never", "science: dockerfile ~FROM cati/middle:1, upstream +middle, upstream -python"]
    ) {
      $0.plant(TreeText(tree.replacing("python <- science", with: "python <- middle <- science")))
    },
    Row("an image that goes", runs: []) { $0.plant(TreeText(tree.replacing(" <- science", with: ""))) },
    Row("an upstream that comes out the same", runs: ["base =: context ~file"]) { world in
      world.runner.output("base") { _ in "the same" }
      try await world.build("lonely")
      world.edit("base")
      try await world.build()
      world.edit("base")
    },
    Row("a change that ends half way", runs: ["base: context ~file", "python =: from base", "tools: from base"]) {
      world in
      let digest = try #require(world.record("python")).output.digest
      world.runner.behave(TreeText.id("python")) { _ in ArtifactOutput(digest: digest, size: 1) }
      world.edit("base")
    },
    Row(
      "an edit undone",
      runs: ["base <: context ~file", "python <: from base", "science <: from python", "tools <: from base"]
    ) {
      world in
      world.edit("base", "other")
      try await world.build()
      world.edit("base", "base")
    },
    Row("an edit undone before the build", runs: []) { world in
      world.edit("base", "other")
      world.edit("base", "base")
    },
  ]
}
