import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Cancellation, files that move under a build, records that cannot be written.
struct InterruptionTests {
  @Test(.timeLimit(.minutes(1))) func cancellationRecordsNothingOfWhatWasRunning() async throws {
    let world = World("base <- python <- science, base <- tools")
    world.options.jobs = 2
    world.options.keepsGoing = true
    for word in ["python", "tools"] {
      world.runner.behave(TreeText.id(word)) { _ in
        try await Task.sleep(for: .seconds(300))
        return ArtifactOutput(digest: .sha256("too late"))
      }
    }
    let builder = world.builder()
    let selected = try world.selected([])
    let (start, index, runner) = (try world.ledger(), world.index, world.runner)
    let task = Task {
      var (ledger, index) = (start, index)
      let summary = try await builder.build(selected, ledger: &ledger, index: &index)
      return (summary, ledger)
    }
    while runner.ran.count < 3 { await Task.yield() }
    task.cancel()
    let (summary, ledger) = try await task.value
    #expect(summary.isInterrupted)
    #expect(summary.outcomes == [TreeText.id("base"): .built])
    #expect(Set(ledger.lockfile.records.keys) == [TreeText.id("base")])
    #expect(world.reporter.outcomes == [TreeText.id("base"): .built])
    #expect(try world.journal.entries().map(\.outcome) == ["built"])
    #expect(world.logs.withLock { $0.allSatisfy { $0.closeCount == 1 } })
    try world.change { $0 = ledger }
    for word in ["python", "tools"] { world.runner.heal(word) }
    try await world.build()
    #expect(world.ran.sorted() == ["python", "science", "tools"])
  }

  @Test(.timeLimit(.minutes(1))) func aBuildThatWasCancelledBeforeItBeginsRunsNothing() async throws {
    let world = World("base")
    let builder = world.builder()
    let (selected, start) = (try world.selected([]), try world.ledger())
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      var (ledger, index) = (start, FileIndex())
      return try await builder.build(selected, ledger: &ledger, index: &index)
    }
    task.cancel()
    #expect(try await task.value.isInterrupted)
    #expect(world.ran == [])
  }

  private static func world(whileBuilding change: @escaping @Sendable (InMemoryFileSystem) -> Void) async throws
    -> World
  {
    let world = World("base <- python")
    world.files.write("base/1/other", "other")
    try await world.build()
    world.edit("base")
    world.runner.behave(TreeText.id("base")) { [files = world.files] job in
      change(files)
      return ArtifactOutput(digest: .sha256("made from \(job.fingerprint)"))
    }
    return world
  }

  static let moves: [@Sendable (InMemoryFileSystem) -> Void] = [
    {
      $0.tick(); $0.write("base/1/file", "newer")
    },
    {
      $0.tick(); $0.write("base/1/new", "")
    },
    {
      $0.tick(); $0.delete("base/1/other")
    },
    {
      $0.tick(); $0.chmod("base/1/other", 0o600)
    },
    {
      $0.tick(); $0.makeSpecial("base/1/empty", .directory)
    },
    {
      $0.tick(); $0.link("base/1/link", to: "file")
    },
    {
      $0.tick(); $0.move("base/1/other", to: "base/1/renamed")
    },
    // Written and written back: the engine may have seen either.
    {
      $0.tick(); $0.write("base/1/other", "brief"); $0.write("base/1/other", "other")
    },
    // Within the tick of the clock in which it was hashed, with the same size: no stamp tells.
    { $0.write("base/1/file", String(repeating: "x", count: $0.text("base/1/file")?.utf8.count ?? 0)) },
  ]

  @Test(arguments: moves.indices) func whatMovesUnderABuildIsNeverRecorded(move: Int) async throws {
    let world = try await Self.world(whileBuilding: Self.moves[move])
    // The last edit and the hash fall into one tick.
    world.files.write("base/1/file", "edited once more")
    let before = world.record("base")
    try await world.build()
    #expect(world.reporter.outcomes == [TreeText.id("base"): .failed, TreeText.id("python"): .skipped])
    #expect(world.record("base") == before)
    let known = try #require(world.runner.jobs.first).fingerprint
    #expect(!world.runner.isKnown(known))
    world.runner.heal("base")
    world.files.tick(.seconds(10))
    try await world.build()
    #expect(world.ran == ["base", "python"])
    try await world.build()
    #expect(world.ran == [])
  }

  @Test func theTimesOfDirectoriesMayMoveWhileBuilding() async throws {
    let world = try await Self.world { files in
      files.tick()
      files.touch("base/1")
    }
    try await world.build()
    #expect(world.reporter.outcomes[TreeText.id("base")] == .built)
  }

  @Test func aFileThatWasHashedInTheTickOfItsChangeIsReadAgain() async throws {
    let world = World("base")
    // Both edits fall into one tick of the clock; the step fails long after its files were hashed.
    world.files.write("base/1/file", "one")
    world.runner.behave(TreeText.id("base")) { [files = world.files] _ in
      files.write("base/1/file", "two")
      files.tick(.seconds(3600))
      throw StepFailure("it failed")
    }
    try await world.build()
    world.runner.heal("base")
    try await world.build()
    let file = try #require(world.runner.jobs.first?.files.first { $0.path == Array("file".utf8) })
    #expect(file.kind == .regular(.sha256("two")))
  }

  @Test func unchangedFilesAreHashedOnce() async throws {
    let world = World("base <- python <- science")
    try await world.build()
    world.files.clearJournal()
    try await world.build()
    #expect(world.files.journal(.hash) == [])
    world.edit("python")
    world.files.clearJournal()
    try await world.build()
    #expect(Set(world.files.journal(.hash)) == ["python/1/file"])
  }

  @Test func aJournalThatCannotBeWrittenEndsTheBuildWithoutARecord() async throws {
    let world = World("base <- python")
    world.files.injectFailures { operation, path in
      operation == .append ? FileSystemError("write", path, .noSpace) : nil
    }
    await #expect(throws: FileSystemError.self) { try await world.build() }
    world.files.repair()
    #expect(world.record("base") == nil)
    try await world.build()
    #expect(world.reporter.steps == ["base <: never", "python: never"])
  }
}
