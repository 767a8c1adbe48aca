import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// `ONBUILD` of bases from outside.
struct TriggerTests {
  private static let base = "docker.io/library/e:1"

  /// Two images that copy `file` alone, from a base that copies `other` too.
  private static func planted() -> World {
    let world = World("e:1 <- a, e:1 <- b")
    for word in ["a", "b"] {
      world.edit(word, "one", file: "other")
      world.edit(word, "one", file: "stranger")
      world[word].dockerfile.text = Array("FROM e:1\nCOPY file /\n".utf8)
      world[word].dockerfile.reach = .selected([ContextSelector(pattern: "file")])
      for index in world[word].dockerfile.uses.indices { world[word].dockerfile.uses[index].range = 5..<8 }
    }
    world.resolver.triggers.withLock { $0[Self.base] = ["RUN true", "COPY other /src/"] }
    return world
  }

  @Test func whatATriggerReadsCountsFromTheFirstBuildOn() async throws {
    let world = Self.planted()
    try await world.build()
    let files = try #require(world.runner.jobs.first?.files.map { String(decoding: $0.path, as: UTF8.self) })
    #expect(files == ["file", "other"])
    #expect(try world.status("a") == "")
    world.edit("a", file: "stranger")
    #expect(try world.status("a") == "")
    world.edit("a", file: "other")
    #expect(try world.status("a") == "context ~other")
    #expect(try world.status("b") == "")
  }

  @Test func aTouchedImageCountsThemFromTheFirstPinOnAndStays() async throws {
    let world = Self.planted()
    try world.touch()
    world.edit("a", file: "other")
    #expect(try world.status("a") == "", "nobody knows the base")
    world.edit("b")
    try await world.build()
    #expect(world.reporter.steps == ["b: context ~file"])
    #expect(try world.status("a") == "")
    world.edit("a", file: "other")
    #expect(try world.status("a") == "context ~other")
    try await world.build()
    #expect(world.ran == ["a"])
    try await world.build()
    #expect(world.ran == [])
  }

  @Test func aTouchedImageThatIsMadeSeesThemAll() async throws {
    let world = Self.planted()
    try world.touch()
    world.edit("a")
    try await world.build("a")
    let files = try #require(world.runner.jobs.first?.files.map { String(decoding: $0.path, as: UTF8.self) })
    #expect(files == ["file", "other"])
    try await world.build()
    #expect(world.ran == [])
  }
}

/// Outputs that came out nearly the same.
struct NearMissTests {
  @Test func fewPathsAreToldAndRemembered() async throws {
    let world = World("base <- python")
    try await world.build()
    world.runner.differ(in: ["/etc/stamp"])
    world.options.force = "cve"
    try await world.build("base")
    let told = world.reporter.events.compactMap { event -> [String]? in
      if case .finished(_, _, _, _, let paths) = event { paths } else { nil }
    }
    #expect(told == [["/etc/stamp"]])
    #expect(try world.journal.entries().last?.nearMiss == ["/etc/stamp"])
  }

  @Test func aFirstBuildAnUnchangedOneAndOneWhoseOldOutputIsGoneAreNone() async throws {
    let world = World("base")
    world.runner.differ(in: ["/etc/stamp"])
    try await world.build()
    world.runner.output("base") { _ in "the same" }
    world.edit("base")
    try await world.build()
    world.edit("base")
    try await world.build()
    world.runner.heal("base")
    world.loseOutput("base")
    world.edit("base")
    try await world.build()
    #expect(try world.journal.entries().map(\.nearMiss) == [[], ["/etc/stamp"], [], []])
  }

  @Test func whatAnEditIsSeenToDoIsNone() async throws {
    let world = World("base <- python")
    try await world.build()
    let (before, after) = (Digest.sha256("base"), Digest.sha256("edited"))
    let differences = [
      OutputDifference("history"), OutputDifference("config.Env"), OutputDifference("/opt/file"),
      OutputDifference("/opt/renamed", contents: [after]), OutputDifference("/opt/old", contents: [before]),
      OutputDifference("/etc/stamp", contents: [.sha256("1"), .sha256("2")]),
    ]
    world.runner.differ(in: differences)
    world.edit("base", "edited")
    try await world.build("base")
    #expect(try world.journal.entries().last?.nearMiss == ["config.Env", "/etc/stamp"])
    // Where an upstream differs, what is made from it does so, too.
    try await world.build("python")
    #expect(try world.journal.entries().last?.nearMiss == [])
    world.dockerfile("base", "FROM scratch", "COPY . /", "RUN make >/etc/stamp")
    try await world.build("base")
    #expect(try world.journal.entries().last?.nearMiss == ["/opt/file", "/opt/renamed", "/opt/old"])
    // Without an edit everything is.
    world.options.force = "cve"
    try await world.build("base")
    #expect(try world.journal.entries().last?.nearMiss == differences.map(\.path))
  }

  @Test func whatNobodyCanCompareIsNone() async throws {
    let world = World("ubuntu:24.04 <- base <- python")
    try await world.build()
    world.runner.differ(in: ["/etc/stamp"])
    try world.moveBase("docker.io/library/ubuntu:24.04", to: "new")
    try await world.build("base")
    #expect(try world.journal.entries().last?.nearMiss == [])
    // On a clone only the group of inputs is known.
    world.lists.withLock { $0 = [:] }
    world.edit("base")
    try await world.build("base")
    #expect(try world.journal.entries().last?.nearMiss == [])
    world.runner.differ(in: nil)
    world.options.force = "cve"
    try await world.build("base")
    #expect(try world.journal.entries().last?.nearMiss == [])
  }
}
