import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

struct BasePinningTests {
  static let ubuntu = "docker.io/library/ubuntu:24.04"

  @Test func eachBaseIsAskedForOnceAndThenPinned() async throws {
    let world = World("ubuntu:24.04 <- a, ubuntu:24.04 <- b, debian:12 <- c")
    try await world.build()
    #expect(world.resolver.asked.withLock { $0.sorted() } == ["docker.io/library/debian:12", Self.ubuntu])
    world.edit("a")
    try await world.build()
    #expect(world.resolver.asked.withLock { $0.count } == 2)
  }

  @Test func lockedForbidsAskingAndNamesEveryPlace() async throws {
    let world = World("ubuntu:24.04 <- a, debian:12 <- c, a <- d")
    world.options.isLocked = true
    let error = try await #require(throws: InvalidInput.self) { try await world.build() }
    #expect(
      error.diagnostics.map(\.location?.description) == [
        "/repository/a/1/Dockerfile:1", "/repository/c/1/Dockerfile:1",
      ])
    #expect(world.ran == [])
  }

  @Test func aBaseThatNobodyKnowsFailsWhatNeedsItAndNothingElse() async throws {
    let world = World("ubuntu:24.04 <- a <- d, debian:12 <- c")
    world.options.keepsGoing = true
    world.resolver.unreachable.withLock { $0 = [Self.ubuntu] }
    try await world.build()
    #expect(
      world.reporter.outcomes == [
        TreeText.id("a"): .failed, TreeText.id("d"): .skipped, TreeText.id("c"): .built,
      ])
    #expect(world.ran == ["c"])
    world.resolver.unreachable.withLock { $0 = [] }
    try await world.build()
    #expect(world.ran == ["a", "d"])
  }

  @Test func aStepThatTurnsOutCurrentDoesNotNeedItsBase() async throws {
    let world = World("up <- a, ubuntu:24.04 <- a")
    world.runner.output("up") { _ in "the same" }
    try await world.build("up")
    try world.touch("a")
    world.edit("up")
    world.resolver.unreachable.withLock { $0 = [Self.ubuntu] }
    let summary = try await world.build()
    #expect(world.reporter.steps == ["up =: context ~file"])
    #expect(summary.count(.failed) == 0)
  }

  @Test func aSyntaxImageThatCannotBeAskedForDoesNotFailTheStep() async throws {
    let world = World("a")
    let use = ImageUse(
      reference: ImageReference(repository: "docker/dockerfile", tag: "1"), role: .syntax,
      location: SourceLocation(file: TreeText.dockerfile("a"), line: 1), range: 0..<0)
    world.alsoUse(use, in: "a")
    world.resolver.unreachable.withLock { $0 = ["docker.io/docker/dockerfile:1"] }
    try await world.build()
    #expect(world.reporter.outcomes == [TreeText.id("a"): .built])
  }

  @Test func aLostPinIsAskedForAgainAndTheSameAnswerCostsNothing() async throws {
    let world = World("ubuntu:24.04 <- a <- b")
    try await world.build()
    try world.change { ledger in
      for key in ledger.lockfile.pins.keys { ledger[pin: key] = nil }
    }
    try await world.build()
    #expect(world.reporter.steps == [])
    #expect(world.resolver.asked.withLock { $0.count } == 2)
  }
}
