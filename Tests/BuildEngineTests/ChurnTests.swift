import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// The churn guard: a rebuild that differs in times only is the recorded image.
struct ChurnTests {
  /// base was built and then forced: other bytes, the same contents.
  private static func churned() async throws -> World {
    let world = World("base <- python")
    world.runner.churn("base")
    try await world.build()
    world.options.force = "cve"
    return world
  }

  @Test func theRecordedOutputIsKeptAndTheTagsGoBackToIt() async throws {
    let world = try await Self.churned()
    let before = try #require(world.record("base"))
    try await world.build("base")
    let after = try #require(world.record("base"))
    #expect(world.reporter.outcomes == [TreeText.id("base"): .unchanged])
    #expect(after.output == before.output)
    #expect(after.fingerprint != before.fingerprint)
    #expect(world.runner.adopted == [TreeText.id("base")])
    #expect(world.runner.isKnown(after.fingerprint))
    world.options.force = nil
    try await world.build()
    #expect(world.ran == [])
  }

  @Test func otherContentsAreAnotherImage() async throws {
    let world = try await Self.churned()
    world.options.force = nil
    world.edit("base")
    try await world.build()
    #expect(world.reporter.steps == ["base: context ~file", "python: from base"])
    #expect(world.runner.adopted == [TreeText.id("base"), TreeText.id("python")])
  }

  @Test func aRecordedOutputThatIsGoneIsMadeAgain() async throws {
    let world = try await Self.churned()
    let before = try #require(world.record("base")).output
    world.runner.lose(before.digest)
    try await world.build("base")
    #expect(world.reporter.outcomes == [TreeText.id("base"): .unchanged])
    #expect(world.record("base")?.output == before)
    #expect(world.runner.condition(of: TreeText.id("base"), before) == .intact)
    world.options.force = nil
    try await world.build()
    #expect(world.ran == [])
  }

  @Test func whatCameOutOtherwiseTakesThePlaceOfWhatIsGone() async throws {
    let world = World("base <- python")
    let text = Locked("one")
    world.runner.churn("base") { _ in .sha256(text.withLock { $0 }) }
    try await world.build()
    world.loseOutput("base")
    text.withLock { $0 = "two" }
    try await world.build()
    #expect(world.reporter.steps == ["base: missing", "python: from base"])
    #expect(world.reporter.outcomes[TreeText.id("base")] == .built)
  }

  @Test func anAssumedOutputHasNothingToKeep() async throws {
    let world = World("base")
    world.runner.churn("base")
    try world.touch()
    world.edit("base")
    try await world.build()
    #expect(world.reporter.outcomes == [TreeText.id("base"): .built])
    #expect(world.record("base")?.output.isAssumed == false)
  }

  @Test func outputsWithoutContentDigestsAreComparedByTheirBytes() async throws {
    let world = World("base <- python")
    let count = Locked(0)
    world.runner.output("base") { _ in
      count.withLock { count in
        count += 1
        return "run \(count)"
      }
    }
    try await world.build()
    world.options.force = "cve"
    try await world.build("base")
    #expect(world.reporter.outcomes == [TreeText.id("base"): .built])
  }
}
