import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What a reporter hears: design, "Contracts".
struct EventTests {
  private static func kinds(_ world: World) -> [String] {
    world.reporter.events.map { event in
      switch event {
      case .planned(let steps, _): "planned \(steps.map(\.id.shown).joined(separator: " "))"
      case .started(let id, _, _): "started \(id.shown)"
      case .output(let id, _): "output \(id.shown)"
      case .finished(let id, let outcome, _, _, _): "finished \(id.shown) \(outcome)"
      case .current(let id): "current \(id.shown)"
      case .fetching(let id, _, _, _): "fetching \(id.shown)"
      case .fetched(let id, _, _, _, _): "fetched \(id.shown)"
      case .note(let diagnostic): "note \(diagnostic.message)"
      case .done: "done"
      }
    }
  }

  @Test func aBuildTellsWhatItPlansStartsAndEnds() async throws {
    let world = World("base <- python")
    try await world.build()
    #expect(
      Self.kinds(world) == [
        "planned base python", "started base", "output base", "finished base built", "started python", "output python",
        "finished python built",
      ])
  }

  @Test func aNullBuildTellsNothingOfAnyStep() async throws {
    let world = World("base <- python")
    try await world.build()
    try await world.build()
    #expect(Self.kinds(world) == ["planned "])
  }

  @Test func aPlannedStepThatIsCurrentInTheEndNeitherStartsNorFinishes() async throws {
    let world = World("base <- python <- science")
    world.runner.output("base") { _ in "the same" }
    try await world.build()
    world.edit("base")
    try await world.build()
    #expect(
      Self.kinds(world) == [
        "planned base python science", "started base", "output base", "finished base unchanged", "current python",
        "current science",
      ])
  }

  @Test func whatAFailureBlocksIsSkippedWithoutAStart() async throws {
    let world = World("base <- python <- science, base <- tools, lonely")
    world.options.keepsGoing = true
    world.runner.fail("python")
    let summary = try await world.build()
    let events = Self.kinds(world).filter { !$0.hasPrefix("output") }
    #expect(
      events
        == [
          "planned base python science tools lonely", "started base", "finished base built", "started python",
          "finished python failed", "finished science skipped", "started lonely", "finished lonely built",
          "started tools", "finished tools built",
        ].map { $0.replacing("planned base python science tools lonely", with: events[0]) })
    #expect(summary.count(.built) == 3 && summary.count(.failed) == 1 && summary.count(.skipped) == 1)
  }

  @Test func aStepThatOnlyComesAfterAFailedOneRuns() async throws {
    let world = World("base <- python, base <- tools, python <~ tools")
    world.options.keepsGoing = true
    world.runner.fail("python")
    try await world.build()
    #expect(world.ran == ["base", "python", "tools"])
  }

  @Test func everyStepThatRanStartedOnceAndThenFinishedOnce() async throws {
    for seed in Soak.seeds(30) {
      var tree = RandomTree(seed: 70_000 + seed)
      _ = try await tree.build(tree.some(oneIn: 2))
      tree.editSome()
      for word in tree.some(oneIn: 4) { tree.world.runner.fail(word) }
      _ = try await tree.build(Set(tree.words))
      var open = Set<ArtifactID>()
      var closed = Set<ArtifactID>()
      for event in tree.world.reporter.events {
        switch event {
        case .started(let id, let reasons, _):
          #expect(open.insert(id).inserted && !closed.contains(id) && !reasons.isEmpty, "seed \(seed)")
        case .output(let id, _): #expect(open.contains(id), "seed \(seed)")
        case .finished(let id, let outcome, _, let failure, _):
          #expect((open.remove(id) != nil) == (outcome != .skipped), "seed \(seed)")
          #expect(closed.insert(id).inserted, "seed \(seed)")
          #expect((failure != nil) == (outcome == .failed), "seed \(seed)")
        case .current(let id): #expect(!open.contains(id) && closed.insert(id).inserted, "seed \(seed)")
        case .planned, .fetching, .fetched, .note, .done: break
        }
      }
      #expect(open.isEmpty, "seed \(seed)")
    }
  }

  @Test func aStepWhoseFilesCannotBeReadStartsBeforeItFails() async throws {
    let world = World("base <- python")
    // The plan could read them; when the step looks again, they are gone.
    world.runner.behave(TreeText.id("base")) { [files = world.files] _ in
      files.injectFailures { operation, path in
        operation == .list && path == "/repository/python/1"
          ? FileSystemError("open", path, .notFound) : nil
      }
      return ArtifactOutput(digest: .sha256("base"))
    }
    try await world.build()
    #expect(
      Self.kinds(world).dropFirst().filter { !$0.hasPrefix("output") } == [
        "started base", "finished base built", "started python", "finished python failed",
      ])
  }

  @Test func aFailureShowsMessageHelpLastLinesAndLog() async throws {
    let world = World("base")
    world.runner.fail("base", "the compiler is missing")
    try await world.build()
    let report = try #require(
      world.reporter.events.compactMap { if case .finished(_, _, _, let report, _) = $0 { report } else { nil } }.first)
    #expect(report.message == "the compiler is missing")
    #expect(report.help == "mend it")
    #expect(report.tail == ["building docker/base:1"])
    #expect(report.log == "/logs/base")
  }

  @Test func everyLogThatWasOpenedIsClosedOnce() async throws {
    let world = World("base <- python <- science, base <- tools")
    world.runner.output("base") { _ in "the same" }
    try await world.build()
    world.edit("base")
    world.edit("tools")
    world.runner.fail("tools")
    try await world.build()
    #expect(world.logs.withLock { $0.map(\.closeCount) }.allSatisfy { $0 == 1 })
  }

  @Test func aSocketIsNotedAndADeviceStopsTheBuildBeforeItBegins() async throws {
    let world = World("base <- python")
    world.files.makeSpecial("python/1/socket", .socket)
    try await world.build()
    #expect(Self.kinds(world).filter { $0.hasPrefix("note") } == ["note a socket is left out of the context"])
    world.files.makeSpecial("python/1/pipe", .fifo)
    await #expect(throws: InvalidInput.self) { try await world.build() }
    #expect(world.ran == [])
  }

  @Test func theJournalRemembersEveryRun() async throws {
    let world = World("base <- python <- science")
    try await world.build()
    world.edit("python")
    world.runner.fail("python")
    try await world.build()
    world.runner.heal("python")
    world.edit("python", "python")
    try await world.build()
    let entries = try world.journal.entries()
    #expect(
      entries.map { "\($0.build) \($0.id.shown) \($0.outcome)" } == [
        "1 base built", "1 python built", "1 science built", "2 python failed",
      ])
    #expect(entries.map(\.reasons).suffix(1).first?.map(\.shown) == ["context ~file"])
    #expect(entries[3].previous == entries[1].fingerprint)
    #expect(entries[0].log == "base")
  }
}
