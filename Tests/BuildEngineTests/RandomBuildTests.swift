import BuildEngine
import BuildRecords
import DependencyGraph
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Exactly the affected steps run: random graphs and random histories against an obviously correct reference.
///
/// A case is a change and the build after it; each of the first three properties has thousands in every run.
struct RandomBuildTests {
  @Test(arguments: 0..<8)
  func exactlyTheAffectedStepsRun(part: Int) async throws {
    for seed in Soak.seeds(44, part: part) {
      var tree = RandomTree(seed: seed)
      for round in 0..<6 {
        tree.editSome()
        let targets = round == 5 ? Set(tree.words) : tree.some(oneIn: 2)
        let expected = tree.reference.build(targets)
        #expect(try await tree.build(targets) == expected, "seed \(seed) round \(round)")
        #expect(tree.isOrderValid, "seed \(seed) round \(round)")
        #expect(try tree.outputs() == tree.reference.records.mapValues(\.output), "seed \(seed) round \(round)")
      }
      #expect(try await tree.build(Set(tree.words)) == [:], "seed \(seed)")
      #expect(tree.world.runner.violations == [], "seed \(seed)")
    }
  }

  @Test(arguments: 0..<8)
  func aFailureCostsExactlyWhatIsMadeFromIt(part: Int) async throws {
    var failures = 0
    for seed in Soak.seeds(52, part: part) {
      var tree = RandomTree(seed: 1_000_000 + seed)
      for round in 0..<5 {
        tree.editSome()
        let failing = tree.some(oneIn: 2)
        for word in failing { tree.world.runner.fail(word) }
        let targets = round == 4 ? Set(tree.words) : tree.some(oneIn: 2)
        let expected = tree.reference.build(targets, failing: failing)
        let outcomes = try await tree.build(targets)
        #expect(outcomes == expected, "seed \(seed) round \(round)")
        #expect(tree.isOrderValid, "seed \(seed) round \(round)")
        // Said without the reference, too: what nothing failing leads to has ended well.
        let lost = tree.downstream(of: Set(outcomes.filter { $0.value == .failed }.keys))
        for word in tree.reference.closure(of: targets) {
          let isLost = outcomes[word] == .failed || outcomes[word] == .skipped
          #expect(isLost == lost.contains(word), "seed \(seed) round \(round) \(word)")
        }
        if !lost.isEmpty { failures += 1 }
        for word in failing { tree.heal(word) }
      }
      let rest = tree.reference.build(Set(tree.words))
      #expect(try await tree.build(Set(tree.words)) == rest, "seed \(seed)")
      #expect(try await tree.build(Set(tree.words)) == [:], "seed \(seed)")
      #expect(tree.world.runner.violations == [], "seed \(seed)")
    }
    #expect(failures >= 80 * Soak.factor, "\(failures)")
    Soak.tell("part \(part): \(failures) builds with failures")
  }

  @Test(arguments: 0..<8)
  func nothingRunsBelowACutoff(part: Int) async throws {
    var cutoffs = 0
    for seed in Soak.seeds(66, part: part) {
      var tree = RandomTree(seed: 2_000_000 + seed, isHardOfHearing: true)
      _ = try await tree.build(Set(tree.words))
      for round in 0..<4 {
        let before = try tree.outputs()
        let edited = tree.editSome()
        let outcomes = try await tree.build(Set(tree.words))
        let after = try tree.outputs()
        // What ran was edited, or is made from what came out different; whatever it is that came out different.
        for (word, upstreams) in tree.reference.edges {
          let isAffected = edited.contains(word) || upstreams.contains { before[$0] != after[$0] }
          #expect((outcomes[word] != nil) == isAffected, "seed \(seed) round \(round) \(word)")
        }
        let stops = Set(outcomes.keys.filter { before[$0] == after[$0] })
        if tree.reference.edges.contains(where: { !stops.isDisjoint(with: $0.upstreams) }) { cutoffs += 1 }
      }
      #expect(tree.world.runner.violations == [], "seed \(seed)")
    }
    #expect(cutoffs >= 40 * Soak.factor, "\(cutoffs)")
    Soak.tell("part \(part): \(cutoffs) cutoffs")
  }

  @Test func withoutKeepGoingNothingStartsAfterAFailure() async throws {
    for seed in Soak.seeds(40) {
      var tree = RandomTree(seed: 3_000_000 + seed)
      tree.world.options.keepsGoing = false
      tree.world.options.jobs = 1
      let failing = tree.some(oneIn: 3)
      for word in failing { tree.world.runner.fail(word) }
      let outcomes = try await tree.build(Set(tree.words))
      #expect(outcomes.values.count { $0 == .failed } == (failing.isEmpty ? 0 : 1), "seed \(seed)")
      #expect(failing.isEmpty || tree.world.ran.last.map(failing.contains) == true, "seed \(seed)")
      for word in failing { tree.heal(word) }
      _ = try await tree.build(Set(tree.words))
      #expect(try await tree.build(Set(tree.words)) == [:], "seed \(seed)")
    }
  }

  @Test func thePlanPromisesAtLeastWhatTheBuildDoesAndSaysWhatIsCertain() async throws {
    for seed in Soak.seeds(50) {
      var tree = RandomTree(seed: 4_000_000 + seed)
      _ = try await tree.build(Set(tree.words))
      tree.editSome()
      let plan = try tree.world.plan()
      let outcomes = try await tree.build(Set(tree.words))
      let promised = Set(plan.stale.map(\.id.name))
      #expect(promised.isSuperset(of: outcomes.keys), "seed \(seed)")
      for step in plan.stale where !step.staleness.isUncertain {
        #expect(outcomes[step.id.name] != nil, "seed \(seed) \(step.id)")
      }
      #expect(Set(tree.world.reporter.turnedOutCurrent) == promised.subtracting(outcomes.keys), "seed \(seed)")
    }
  }

  @Test func askingChangesNothing() async throws {
    for seed in Soak.seeds(20) {
      var tree = RandomTree(seed: 5_000_000 + seed)
      tree.world.isPersistent = true
      _ = try await tree.build(tree.some(oneIn: 2))
      tree.editSome()
      tree.world.files.clearJournal()
      tree.world.runner.clearHistory()
      _ = try tree.world.plan()
      #expect(tree.world.files.isUntouched, "seed \(seed)")
      #expect(tree.world.ran == [], "seed \(seed)")
    }
  }

  @Test(arguments: 0..<4)
  func outputsThatAreLostComeBackWhereTheyAreAskedForOrNeeded(part: Int) async throws {
    for seed in Soak.seeds(12, part: part) {
      var tree = RandomTree(seed: 6_000_000 + seed)
      _ = tree.reference.build(Set(tree.words))
      _ = try await tree.build(Set(tree.words))
      for round in 0..<4 {
        for word in tree.some(oneIn: 3) { tree.world.loseOutput(word) }
        tree.editSome()
        let targets = tree.some(oneIn: 2)
        var reference = tree.reference
        let stale = reference.build(targets)
        let outcomes = try await tree.build(targets)
        // Whatever is stale ran, whatever ran had what it needs (or the runner tells), what was asked for is there.
        for (word, outcome) in stale where outcome != .restored {
          #expect(outcomes[word] != nil, "seed \(seed) round \(round) \(word)")
        }
        for word in targets {
          let output = try #require(tree.world.record(word)).output
          #expect(tree.world.runner.condition(of: TreeText.id(word), output) == .intact, "seed \(seed) \(word)")
        }
        // What was neither stale nor asked for ran only for a dependent that the plan could not clear.
        for word in outcomes.keys where stale[word] == nil && !targets.contains(word) {
          let isUsed = tree.world.graph.dependents(of: TreeText.id(word)).contains {
            outcomes[$0.name] != nil || tree.world.reporter.turnedOutCurrent.contains($0.name)
          }
          #expect(isUsed, "seed \(seed) round \(round) \(word)")
        }
        #expect(try await tree.build(targets) == [:], "seed \(seed) round \(round)")
        tree.reference = reference
      }
      #expect(tree.world.runner.violations == [], "seed \(seed)")
    }
  }

  @Test func recordsAndMapsThatAreLostCostTimeAndNeverCorrectness() async throws {
    for seed in Soak.seeds(25) {
      var tree = RandomTree(seed: 7_000_000 + seed)
      _ = try await tree.build(Set(tree.words))
      for _ in 0..<3 {
        tree.editSome()
        for word in tree.some(oneIn: 3) { try tree.world.change { $0[TreeText.id(word)] = nil } }
        if tree.random.once(in: 2) { tree.world.runner.forgetMap() }
        if tree.random.once(in: 2) { tree.world.index = FileIndex() }
        if tree.random.once(in: 2) { tree.world.lists.withLock { $0 = [:] } }
        _ = try await tree.build(Set(tree.words))
        var fresh = tree.reference
        fresh.records = [:]
        fresh.store = [:]
        _ = fresh.build(Set(tree.words))
        #expect(try tree.outputs() == fresh.records.mapValues(\.output), "seed \(seed)")
        #expect(try await tree.build(Set(tree.words)) == [:], "seed \(seed)")
      }
    }
  }
}
