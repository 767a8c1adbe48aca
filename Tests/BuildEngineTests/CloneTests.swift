import BuildEngine
import BuildRecords
import DependencyGraph
import ImageModel
import TestSupport
import Testing

/// A clone has definitions and a lockfile, and nothing that was built; what it makes differs in times from what is recorded.
struct CloneTests {
  private static func built(_ tree: String) async throws -> World {
    let world = World(tree)
    for word in TreeText(tree).images { world.runner.churn(word) }
    try await world.build()
    return world
  }

  private static func clone(_ world: World, _ machine: String = "there") -> World {
    let clone = world.clone(machine)
    for id in clone.recipes.keys { clone.runner.churn(id.name) }
    return clone
  }

  @Test func onlyWhatIsAskedForAndWhatItIsMadeFromIsMade() async throws {
    let clone = Self.clone(try await Self.built("base <- python <- science, base <- tools"))
    let lock = clone.lockText
    try await clone.build("python")
    #expect(clone.reporter.steps == ["base =: missing", "python =: missing"])
    #expect(clone.lockText == lock)
    try await clone.build("python")
    #expect(clone.ran == [])
    #expect(try clone.status("tools") == "missing")
    try await clone.build()
    #expect(clone.ran.sorted() == ["science", "tools"])
    #expect(clone.lockText == lock)
    #expect(clone.runner.violations == [])
  }

  @Test func anEditOfALeafMakesTheLeaf() async throws {
    let clone = Self.clone(try await Self.built("base <- python <- science, base <- tools"))
    try await clone.build()
    let upstream = try #require(clone.record("python"))
    clone.edit("science")
    try await clone.build()
    #expect(clone.reporter.steps == ["science: context ~file"])
    #expect(clone.record("science")?.upstreams == [TreeText.id("python"): upstream.output.digest])
    #expect(clone.runner.violations == [])
  }

  @Test func twoClonesWriteTheSameLockfile() async throws {
    let origin = try await Self.built("base <- python <- science")
    let clones = [Self.clone(origin, "second"), Self.clone(origin, "third")]
    for clone in clones {
      try await clone.build()
      #expect(clone.lockText == origin.lockText)
    }
    // What one of them edits, the others make from what they have, and record nothing.
    clones[0].edit("science", "edited")
    try await clones[0].build()
    for other in [origin, clones[1]] {
      other.edit("science", "edited")
      other.files.write(World.lockPath, clones[0].lockText)
      try await other.build()
      #expect(other.reporter.steps == ["science =: missing"])
      #expect(other.lockText == clones[0].lockText)
    }
  }

  @Test func whatComesOutAnotherImageThereIsRecordedThere() async throws {
    let clone = Self.clone(try await Self.built("base <- python"))
    clone.runner.churn("base") { _ in .sha256("the weather of today") }
    try await clone.build()
    #expect(clone.reporter.steps == ["base: missing", "python: from base"])
  }

  /// Random trees, of which a clone makes some, then all; beside it the origin makes the same edits.
  @Test func aCloneMakesWhatTheOriginMakesAndWhatItLacks() async throws {
    var lacks = 0
    for seed in Soak.seeds(40) {
      var tree = RandomTree(seed: 6_000_000 + seed)
      let origin = World(TreeText(tree.reference.edges))
      Self.hearHalf(origin)
      try await origin.build()
      let clone = origin.clone("there")
      Self.hearHalf(clone)

      let some = tree.some(oneIn: 2)
      let made = tree.reference.closure(of: some)
      try await Self.build(clone, some)
      #expect(clone.reporter.outcomes.mapValues { $0 == .unchanged } == Self.all(made), "seed \(seed)")
      #expect(clone.lockText == origin.lockText, "seed \(seed)")

      for round in 0..<3 {
        for word in tree.some(oneIn: 3) {
          let text = "\(Int.random(in: 0..<4, using: &tree.random))"
          for world in [origin, clone] { world.edit(word, text) }
        }
        let missing = Set(tree.words.filter { !clone.hasOutput($0) })
        let targets = round == 2 ? Set(tree.words) : tree.some(oneIn: 2)
        let mayRun = try Set(Self.plan(origin, targets))
        for world in [origin, clone] { try await Self.build(world, targets) }
        let (expected, found) = (origin.reporter.outcomes, clone.reporter.outcomes)
        for (id, outcome) in expected { #expect(found[id] == outcome, "seed \(seed) round \(round) \(id)") }
        for (id, outcome) in found where expected[id] == nil {
          #expect(outcome == .unchanged && missing.contains(id.name), "seed \(seed) round \(round) \(id)")
          let needing = clone.graph.dependents(of: id).filter { found[$0] != nil || mayRun.contains($0) }
          #expect(targets.contains(id.name) || !needing.isEmpty, "seed \(seed) round \(round) \(id)")
          lacks += 1
        }
      }
      for world in [origin, clone] {
        #expect(world.runner.violations == [], "seed \(seed)")
        try await world.build()
        #expect(world.ran == [], "seed \(seed)")
      }
    }
    #expect(lacks >= 10 * Soak.factor, "\(lacks)")
  }

  private static func all(_ words: Set<String>) -> [ArtifactID: Bool] {
    Dictionary(uniqueKeysWithValues: words.map { (TreeText.id($0), true) })
  }

  private static func build(_ world: World, _ words: Set<String>) async throws {
    world.reporter.clear()
    if !words.isEmpty { try await world.build(words.sorted().map { "docker/\($0):1" }) }
  }

  private static func plan(_ world: World, _ words: Set<String>) throws -> [ArtifactID] {
    words.isEmpty ? [] : try world.plan(words.sorted().map { "docker/\($0):1" }).stale.map(\.id)
  }

  /// Contents follow from the contents of what an image is made from; half of the edits do not show in them.
  private static func hearHalf(_ world: World) {
    let files = world.files
    for id in world.recipes.keys {
      world.runner.churn(id.name) { job in
        let text = files.text(FilePath("\(id.name)/1/file")) ?? ""
        let upstreams = job.upstreams.sorted { $0.key < $1.key }.map { $0.value.content?.description ?? "" }
        return .sha256("\(id) \((Int(text) ?? 0) / 2) \(upstreams)")
      }
    }
  }
}
