import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What `status`, `explain` and a dry run read.
struct PlanTests {
  private static func chain(_ world: World, _ word: String) throws -> [String] {
    try world.plan().chain(from: TreeText.id(word)).map { step in
      "\(step.id.shown): \(step.staleness.reasons.map(\.shown).joined(separator: ", "))"
    }
  }

  @Test func aChainLeadsFromTheTargetToItsRootCause() async throws {
    let world = World("ubuntu:24.04 <- base <- python <- science, base <- tools")
    try await world.build()
    #expect(try Self.chain(world, "science") == ["science: "])
    world.edit("base")
    #expect(
      try Self.chain(world, "science") == ["science: may python", "python: may base", "base: context ~file"])
    world.edit("python")
    #expect(
      try Self.chain(world, "science") == [
        "science: may python", "python: context ~file, may base", "base: context ~file",
      ])
  }

  @Test func aChainGoesOnThroughAnUpstreamThatWasBuiltAlready() async throws {
    let world = World("base <- python")
    try await world.build()
    world.edit("base")
    try await world.build("base")
    #expect(try Self.chain(world, "python") == ["python: from base", "base: "])
  }

  @Test func whatOnlyMayBeBuiltSaysSo() async throws {
    let world = World("base <- python <- science")
    try await world.build()
    world.edit("base")
    let plan = try world.plan()
    #expect(plan.stale.map(\.staleness.isUncertain) == [false, true, true])
    #expect(plan[TreeText.id("python")]?.output == nil)
    world.edit("python")
    #expect(try world.plan().stale.map(\.staleness.isUncertain) == [false, false, true])
  }

  @Test func whatCanBeRestoredIsKnownAndSoAreItsDependents() async throws {
    let world = World("base <- python <- science")
    try await world.build()
    world.edit("base")
    try await world.build()
    world.edit("base", "base")
    let plan = try world.plan()
    #expect(plan.stale.map(\.isRestorable) == [true, true, true])
    #expect(
      plan.stale.map { $0.staleness.reasons.map(\.shown) } == [["context ~file"], ["from base"], ["from python"]])
  }

  @Test func theClosureOfATargetIsPlannedAndNothingElse() async throws {
    let world = World("base <- python <- science, base <- tools, python <~ tools, lonely")
    #expect(try world.plan("python").order.map(\.shown) == ["base", "python"])
    #expect(try world.plan("tools").order.map(\.shown) == ["base", "tools"])
  }

  @Test func aPlanIsWhatTheBuildThenDoes() async throws {
    let world = World("base <- python <- science")
    try await world.build()
    world.edit("python")
    let plan = try world.plan()
    try await world.build()
    for job in world.runner.jobs where job.recipe.id == TreeText.id("python") {
      #expect(plan[job.recipe.id]?.fingerprint == job.fingerprint)
    }
    #expect(world.record("python")?.fingerprint == plan[TreeText.id("python")]?.fingerprint)
  }

  @Test func nothingIsAskedOfTheEngineOrTheNetworkByAPlan() async throws {
    let world = World("ubuntu:24.04 <- base <- python")
    _ = try world.plan()
    #expect(world.ran == [])
    #expect(world.resolver.asked.withLock { $0 } == [])
  }

  @Test func faultsOfContextsAreToldByThePlan() async throws {
    let world = World("base <- python")
    world.files.makeSpecial("base/1/pipe", .fifo)
    world.files.makeSpecial("python/1/pipe", .fifo)
    #expect(try world.plan().diagnostics.count == 2)
    await #expect(throws: InvalidInput.self) { try await world.build() }
  }

  /// Low is lost, and top needs it if side comes out another; mid is lost too, and only its upstream is made anew.
  @Test func whatMayBeNeededFindsItsUpstreamsMade() async throws {
    let world = World("base <- mid <- low <- top, side <- top")
    try await world.build()
    for word in ["base", "mid", "low", "side"] { world.loseOutput(word) }
    try await world.build("base", "side", "top")
    #expect(world.runner.violations == [])
    #expect(Set(world.reporter.steps) == ["base =: missing", "side =: missing", "mid =: missing", "low =: missing"])
    try await world.build()
    #expect(world.reporter.steps == [])
  }
}
