import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// `--touch`: what is recorded without being built.
struct AssumptionTests {
  @Test func aTouchedTreeIsCurrentWithoutEngineOrNetwork() async throws {
    let world = World("ubuntu:24.04 <- base <- python <- science")
    world.resolver.unreachable.withLock { $0 = ["docker.io/library/ubuntu:24.04"] }
    try world.touch()
    try await world.build()
    #expect(world.reporter.steps == [])
    #expect(world.resolver.asked.withLock { $0 } == [])
    #expect(world.record("science")?.output.isAssumed == true)
  }

  @Test func theFirstPinOfATouchedTreeIsNoChange() async throws {
    let world = World("ubuntu:24.04 <- base <- python, ubuntu:24.04 <- other")
    try world.touch()
    world.edit("other")
    try await world.build()
    #expect(world.reporter.steps == ["other: context ~file"])
    #expect(try world.status("base") == "")
    try await world.build()
    #expect(world.reporter.steps == [])
  }

  @Test func whatIsBuiltForRealIsRecordedWithItsPins() async throws {
    let world = World("ubuntu:24.04 <- base")
    try world.touch()
    world.edit("base")
    try await world.build()
    let record = try #require(world.record("base"))
    #expect(!record.output.isAssumed)
    #expect(record.bases.count == 1)
    try await world.build()
    #expect(world.reporter.steps == [])
    try world.moveBase("docker.io/library/ubuntu:24.04", to: "newer")
    try await world.build()
    #expect(world.reporter.steps == ["base: moved ubuntu:24.04"])
  }

  @Test func aStepThatNeedsTheBytesOfAnAssumedOutputBuildsItFirst() async throws {
    let world = World("base <- python <- science, base <- tools")
    try world.touch()
    world.edit("science")
    try await world.build("science")
    #expect(world.reporter.steps == ["base: missing", "python: missing", "science: context ~file"])
    #expect(world.runner.violations == [])
    #expect(world.record("tools")?.output.isAssumed == true)
  }

  @Test func whatOthersAssumedOfAnOutputHoldsWhenItIsMade() async throws {
    let world = World("ubuntu:24.04 <- base <- python <- science, base <- tools <- more")
    try world.touch()
    world.edit("science")
    #expect(try world.status("tools") == "", "a sibling is not drawn in")
    try await world.build()
    #expect(world.reporter.steps == ["base: missing", "python: missing", "science: context ~file"])
    try await world.build()
    #expect(world.reporter.steps == [], "tools was recorded upon an assumed base, which came out as assumed")
    world.edit("more")
    try await world.build()
    #expect(world.reporter.steps == ["tools: missing", "more: context ~file"])
    #expect(world.runner.violations == [])
  }

  @Test func anEditAtTheRootOfATouchedTreeLeavesItsDependentsUncertain() async throws {
    let world = World("base <- python <- science")
    try world.touch()
    world.edit("base")
    #expect(try world.status("base") == "context ~file")
    #expect(try world.status("python") == "may base")
    #expect(try world.status("science") == "may python")
    try await world.build()
    #expect(world.reporter.steps == ["base: context ~file", "python: from base", "science: from python"])
    #expect(world.runner.violations == [])
  }

  @Test func whatIsPerhapsNeededIsThereWhenItIsNeeded() async throws {
    // left comes out as it was, right does not: science needs the bytes of left.
    let world = World("base <- left, other <- right, left <- science, right <- science")
    try await world.build()
    world.edit("left")
    try world.touch()
    world.edit("other")
    try await world.build()
    #expect(world.runner.violations == [])
    #expect(world.reporter.steps.contains { $0.hasPrefix("left: missing") })
  }

  @Test func aTouchedEditIsAssumedAndTheNextEditIsBuilt() async throws {
    let world = World("base <- python")
    try await world.build()
    world.edit("python")
    try world.touch()
    #expect(world.record("python")?.output.isAssumed == true)
    #expect(world.record("base")?.output.isAssumed == false)
    try await world.build()
    #expect(world.reporter.steps == [])
    world.edit("python")
    try await world.build()
    #expect(world.reporter.steps == ["python: context ~file"])
  }

  @Test func anAgeBeginsWithTheFirstRealBuild() async throws {
    let world = World("base")
    world["base"].maxAge = .seconds(86_400)
    try world.touch()
    world.edit("base")
    try await world.build()
    try await world.build()
    #expect(world.reporter.steps == [])
    world.files.tick(.seconds(90_000))
    #expect(try world.status("base") == "old")
  }
}
