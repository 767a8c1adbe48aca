import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Workers, pools, and who comes first.
struct SchedulingTests {
  /// Every step waits until `count` run at once, or a good while.
  private static func meet(_ world: World, _ words: [String], _ count: Int) {
    let (runner, met) = (world.runner, Locked(false))
    for word in words {
      runner.behave(TreeText.id(word)) { job in
        var patience = 2_000
        while !met.withLock({ $0 }) && patience > 0 {
          if runner.mostRunning >= count { met.withLock { $0 = true } }
          patience -= 1
          await Task.yield()
        }
        return ArtifactOutput(digest: .sha256("made from \(job.fingerprint)"))
      }
    }
  }

  @Test(arguments: [1, 2, 3, 5, 8]) func asManyStepsRunAtOnceAsWereAllowedAndNoMore(jobs: Int) async throws {
    let words = (0..<12).map { "i\($0)" }
    let world = World(TreeText(words.map { ($0, []) }))
    world.options.jobs = jobs
    Self.meet(world, words, jobs)
    try await world.build()
    #expect(world.runner.mostRunning == jobs)
    #expect(world.ran.count == 12)
  }

  @Test func aPoolIsNarrowerThanTheWorkers() async throws {
    let words = (0..<6).map { "i\($0)" }
    let world = World(TreeText(words.map { ($0, []) }))
    world.options.jobs = 4
    world.options.pools = [.docker: 2]
    Self.meet(world, words, 3)
    try await world.build()
    #expect(world.runner.mostRunning == 2)
    #expect(world.ran.count == 6)
  }

  private static func durations(_ seconds: KeyValuePairs<String, Int>) -> Durations {
    Durations(
      seconds.map { word, seconds in
        JournalEntry(
          build: 1, id: TreeText.id(word), time: 0, milliseconds: seconds * 1000, outcome: "built", reasons: [],
          fingerprint: Fingerprint(.sha256("")), previous: nil, output: nil, log: nil)
      })
  }

  @Test func theLongestPathComesFirst() async throws {
    let world = World("a, b <- b2 <- b3, c <- c2, d")
    world.durations = Self.durations(["a": 50, "b": 10, "b2": 10, "b3": 100, "c": 30, "c2": 30, "d": 110])
    try await world.build()
    #expect(world.ran == ["b", "b2", "d", "b3", "c", "a", "c2"])
  }

  @Test func theMostUrgentOfAllReadyStepsIsTakenHoweverManyBecomeReadyAtOnce() {
    for seed in 0..<40 {
      var random = SeededGenerator(seed: seed)
      let ids = (0..<Int.random(in: 1...60, using: &random)).map { TreeText.id("i\($0)") }
      var upstreams: [ArtifactID: [ArtifactID]] = [:]
      var priority: [ArtifactID: Double] = [:]
      for (index, id) in ids.enumerated() {
        // Many steps below few.
        upstreams[id] = index > 2 && random.once(in: 2) ? [ids[Int.random(in: 0..<3, using: &random)]] : []
        priority[id] = Double(Int.random(in: 0...3, using: &random))
      }
      var states = BuildStates(steps: ids, upstreams: { upstreams[$0] ?? [] }, priority: priority)
      var done = Set<ArtifactID>()
      while done.count < ids.count {
        let ready = ids.filter { id in !done.contains(id) && done.isSuperset(of: upstreams[id] ?? []) }
        let best = ready.min { left, right in
          let (first, second) = (priority[left] ?? 0, priority[right] ?? 0)
          return first != second ? first > second : left < right
        }
        let taken = states.takeReady { _ in true }
        #expect(taken == best, "seed \(seed)")
        guard let taken else { break }
        states.finish(taken)
        done.insert(taken)
      }
      #expect(states.isFinished)
    }
  }

  @Test func amongEqualsTheIdDecides() async throws {
    let world = World("d, b, a, c")
    try await world.build()
    #expect(world.ran == ["a", "b", "c", "d"])
  }

  @Test func aStepThatNeverRanCountsAsAnAverageOne() async throws {
    let world = World("a, b, c")
    world.durations = Self.durations(["a": 10, "c": 30])
    try await world.build()
    #expect(world.ran == ["c", "b", "a"])
  }

  @Test func theExpectedTimeIsNoLessThanThePathNorTheShare() async throws {
    for (jobs, expected) in [(1, 60), (2, 40), (9, 40)] {
      let world = World("a <- b, c")
      world.options.jobs = jobs
      world.durations = Self.durations(["a": 20, "b": 20, "c": 20])
      try await world.build()
      guard case .planned(_, let time)? = world.reporter.events.first else {
        Issue.record("the plan is not told first")
        continue
      }
      #expect(time == .seconds(expected))
    }
  }

  @Test func upstreamOutputsReachTheRunnerAndTheEngineCacheIsBypassedOnlyWhenAsked() async throws {
    let world = World("ubuntu:24.04 <- base <- python")
    try await world.build()
    let jobs = world.runner.jobs
    #expect(jobs.map(\.mayUseCache) == [true, true])
    #expect(jobs[0].bases.keys.sorted() == ["docker.io/library/ubuntu:24.04"])
    #expect(jobs[1].upstreams == [TreeText.id("base"): try #require(world.record("base")).output])
    world.options.force = "cve"
    try await world.build("python")
    #expect(world.runner.jobs.map(\.mayUseCache) == [false])
    #expect(world.record("python")?.generation == 1)
    #expect(world.record("base")?.generation == 0)
  }
}
