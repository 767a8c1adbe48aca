import BuildEngine
import BuildRecords
import DependencyGraph
import HostSystem
import ImageModel
import TestSupport
import Testing

/// A table of what a change costs: change, command, the steps that run with their reasons.
///
/// Every row starts from a tree that was built; every row ends with a build that finds nothing to do.
struct IncrementalTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var targets: [String] = []
    var expected: [String]
    /// Steps that a build of everything still runs afterwards.
    var later: [String] = []
    var change: @Sendable (World) async throws -> Void

    init(
      _ name: String, _ targets: String..., runs expected: [String], later: [String] = [],
      after change: @escaping @Sendable (World) async throws -> Void
    ) {
      (self.name, self.targets, self.expected, self.later, self.change) = (name, targets, expected, later, change)
    }

    var testDescription: String { name }
  }

  /// tools is built after python, which it declares and does not use.
  static let tree = "ubuntu:24.04 <- base <- python <- science, base <- tools, python <~ tools, debian:12 <- lonely"
  static let belowBase = ["python: from base", "science: from python", "tools: from base"]

  static let rows: [Row] = [
    Row("nothing", runs: []) { _ in },
    Row("a file of a leaf", runs: ["science: context ~file"]) { $0.edit("science") },
    Row("a file of a root", runs: ["base: context ~file"] + belowBase) { $0.edit("base") },
    Row("a file in the middle; who only declares it stays", runs: ["python: context ~file", "science: from python"]) {
      $0.edit("python")
    },
    Row("a file that appears", runs: ["science: context +new"]) { $0.edit("science", file: "new") },
    Row("a file that goes", runs: ["science: context -file"]) { $0.files.delete("science/1/file") },
    Row("a file that is renamed", runs: ["science: context -file, context +other"]) {
      $0.files.move("science/1/file", to: "science/1/other")
    },
    Row("a name that changes its case", runs: ["science: context +File, context -file"]) {
      $0.files.move("science/1/file", to: "science/1/File")
    },
    Row("a directory that is renamed", runs: ["science: context -d, context -d/f, context +e, context +e/f"]) { world in
      world.edit("science", file: "d/f")
      try await world.build()
      world.files.move("science/1/d", to: "science/1/e")
    },
    Row(
      "a directory's name that changes its case", runs: ["science: context +D, context +D/f, context -d, context -d/f"]
    ) {
      world in
      world.edit("science", file: "d/f")
      try await world.build()
      world.files.move("science/1/d", to: "science/1/D")
    },
    Row("a file that takes the place of another", runs: ["science: context ~file, context -other"]) { world in
      world.edit("science", file: "other")
      try await world.build()
      world.files.move("science/1/other", to: "science/1/file")
    },
    Row("permissions", runs: ["science: context ~file"]) { $0.files.chmod("science/1/file", 0o755) },
    Row("permissions taken away again", runs: ["science <: context ~file"]) { world in
      world.files.chmod("science/1/file", 0o755)
      try await world.build()
      world.files.chmod("science/1/file", 0o644)
    },
    Row("permissions of a directory", runs: ["science: context ~d"]) { world in
      world.edit("science", file: "d/f")
      try await world.build()
      world.files.chmod("science/1/d", 0o700)
    },
    Row("permissions of a directory that is itself the source", runs: []) { world in
      world.edit("science", file: "d/f")
      world.copy("d", in: "science")
      try await world.build()
      world.files.chmod("science/1/d", 0o700)
    },
    Row("a time of modification", runs: []) { $0.files.touch("science/1/file") },
    Row("a time of modification set back", runs: []) { $0.files.setModified(1, of: "science/1/file") },
    Row("the same bytes written again", runs: []) { $0.edit("science", "science") },
    Row("the same bytes in a new inode", runs: []) { $0.files.swapIn("science/1/file", "science") },
    Row("other bytes with the time and size of the old", runs: ["science: context ~file"]) { world in
      let status = try world.files.status(of: "/repository/science/1/file", followingLinks: false)
      world.edit("science", "SCIENCE")
      world.files.setModified(status.modified, of: "science/1/file")
    },
    Row("an empty directory", runs: ["science: context +empty"]) {
      $0.files.makeSpecial("science/1/empty", .directory)
    },
    Row("an empty directory in one that is the source", runs: ["science: context +d/empty"]) { world in
      world.edit("science", file: "d/f")
      world.copy("d", in: "science")
      try await world.build()
      world.files.makeSpecial("science/1/d/empty", .directory)
    },
    Row("an empty directory beside the source", runs: []) { world in
      world.edit("science", file: "d/f")
      world.copy("d", in: "science")
      try await world.build()
      world.files.makeSpecial("science/1/empty", .directory)
    },
    Row("an empty directory that goes", runs: ["science <: context -empty"]) { world in
      world.files.makeSpecial("science/1/empty", .directory)
      try await world.build()
      world.files.delete("science/1/empty")
    },
    Row("a link", runs: ["science: context +link"]) { $0.files.link("science/1/link", to: "file") },
    Row("a link to elsewhere", runs: ["science: context ~link"]) { world in
      world.files.link("science/1/link", to: "file")
      try await world.build()
      world.files.delete("science/1/link")
      world.files.link("science/1/link", to: "other")
    },
    Row("a link in place of the file that it leads to", runs: ["science: context ~file, context +other"]) { world in
      world.files.move("science/1/file", to: "science/1/other")
      world.files.link("science/1/file", to: "other")
    },
    Row("a link that is the source, to elsewhere", runs: ["science: context -a, context +b, context ~link"]) { world in
      world.edit("science", "same", file: "a")
      world.edit("science", "same", file: "b")
      world.files.link("science/1/link", to: "a")
      world.copy("link", in: "science")
      try await world.build()
      world.files.delete("science/1/link")
      world.files.link("science/1/link", to: "b")
    },
    Row("what a link leads to that is the source", runs: ["science: context ~a"]) { world in
      world.edit("science", file: "a")
      world.files.link("science/1/link", to: "a")
      world.copy("link", in: "science")
      try await world.build()
      world.edit("science", file: "a")
    },
    Row("a file in a directory of its own", runs: ["science: context +d, context +d/f"]) {
      $0.edit("science", file: "d/f")
    },
    Row("the definition's yaml alone", runs: []) { $0.edit("science", file: "casa_distro_docker.yaml") },
    Row("a template that gives the same file", runs: []) { $0.edit("science", file: "conf.template") },
    Row("a file made from a template", runs: ["science: context +conf"]) {
      $0["science"].renderedFiles = ["conf": Array("x".utf8)]
    },
    Row("a file that is ignored", runs: []) { world in
      world["science"].ignore = IgnoreFile(name: ".dockerignore", patterns: ["*.log"])
      world.edit("science", file: "build.log")
    },
    Row("a file that becomes ignored", runs: ["science: context -file"]) {
      $0["science"].ignore = IgnoreFile(name: ".dockerignore", patterns: ["file"])
    },
    Row("a file that no instruction reaches", runs: ["science: context -file"], later: []) { world in
      world["science"].dockerfile.reach = .selected([ContextSelector(pattern: "src")])
    },
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

  @Test(arguments: rows)
  func aChangeCostsExactly(row: Row) async throws {
    let world = World(Self.tree)
    try await world.build()
    try await row.change(world)
    let promised = try world.plan(row.targets)
    let before = try world.ledger()
    try await world.build(row.targets)
    #expect(world.reporter.steps == row.expected)
    // What is forced or too old is made from scratch, and the next such step is another one again.
    for id in world.runner.jobs.map(\.recipe.id) {
      let isRefreshed = world.reporter.steps.contains {
        $0.hasPrefix(id.shown) && ($0.contains(": forced ") || $0.contains(": old"))
      }
      #expect(world.runner.jobs.contains { $0.recipe.id == id && $0.mayUseCache != isRefreshed })
      let generation = before[id].map { $0.generation + (isRefreshed ? 1 : 0) }
      #expect(try world.ledger()[id]?.generation == generation ?? 0)
    }
    let started = Set(row.expected.compactMap { $0.split(whereSeparator: { $0 == " " || $0 == ":" }).first })
    if world.options.force == nil {
      #expect(started.isSubset(of: Set(promised.stale.map { Substring($0.id.shown) }.map { $0.prefix { $0 != ":" } })))
    }
    world.options.force = nil
    try await world.build()
    #expect(world.reporter.steps == row.later)
    try await world.build()
    #expect(world.reporter.steps == [])
    #expect(world.runner.violations == [])
  }
}

extension World {
  /// Lets the image take one source alone.
  func copy(_ source: String, in word: String) {
    self[word].dockerfile.reach = .selected([
      ContextSelector(pattern: source, isPattern: false, isContentsOnly: true)
    ])
  }

  /// A generator of science that makes a file from `list`, built.
  @discardableResult
  func addGenerator() async throws -> ArtifactID {
    files.write("/bin/make-it", "version 1", mode: 0o755)
    edit("science", "list", file: "list")
    self["science"].ignore = IgnoreFile(name: ".dockerignore", patterns: ["list"])
    let id = generate("science", "data.tar", input: "list")
    try await build()
    return id
  }
}
