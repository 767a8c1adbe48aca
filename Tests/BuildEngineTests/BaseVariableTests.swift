import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Variables of bases that decide which files a Dockerfile takes.
struct BaseVariableTests {
  private static let base = "docker.io/library/e:1"
  private static let key = Lockfile.BaseKey(
    reference: base, platform: Platform(os: "linux", architecture: "amd64"))

  /// An image of `e:1` that copies what its ARG says, and one built from it.
  private static func planted(_ environment: [String: String]?) -> World {
    let world = World("e:1 <- a <- b")
    for word in ["a", "b"] { for file in ["one", "two", "three"] { world.edit(word, file, file: file) } }
    world.write("a", "FROM e:1\nARG V=one\nENV W=$V SECRET_TOKEN=x\nCOPY $V* /\n")
    world.write("b", "FROM cati/a:1\nCOPY $W* /\n")
    world.resolver.environments.withLock { $0[base] = environment }
    return world
  }

  private static func files(_ world: World) -> [String: [String]] {
    Dictionary(
      world.runner.jobs.map { job in
        (job.recipe.id.shown, job.files.map { String(decoding: $0.path, as: UTF8.self) }.filter { $0 != "file" })
      }
    ) { $1 }
  }

  @Test func theArgumentOfABaseWithoutTheVariableIsExact() async throws {
    let world = Self.planted(["PATH": "/bin", "HOME": "/root"])
    try await world.build()
    #expect(Self.files(world) == ["a": ["one"], "b": ["one"]])
    #expect(try world.ledger()[pin: Self.key]?.environment == ["V": nil])
    for file in ["two", "three"] { world.edit("a", file: file) }
    #expect(try world.status("a") == "" && world.status("b") == "")
    world.edit("b", file: "one")
    #expect(try world.status("b") == "context ~one")
  }

  @Test func whatTheBaseSetsItselfCountsWhicheverWins() async throws {
    let world = Self.planted(["V": "two"])
    try await world.build()
    #expect(Self.files(world) == ["a": ["one", "three", "two"], "b": ["one", "three", "two"]])
    #expect(try world.ledger()[pin: Self.key]?.environment == ["V": "two"])
    world.edit("a", file: "two")
    #expect(try world.status("a") == "context ~two")
    world.edit("b", file: "two")
    try await world.build()
    try await world.build()
    #expect(world.ran == [])
  }

  @Test func aVariableOfTheBaseIsFollowedOnceItIsKnown() async throws {
    let world = World("e:1 <- a")
    for file in ["one", "two"] { world.edit("a", file, file: file) }
    world.write("a", "FROM e:1\nCOPY $WHERE /\n")
    world.resolver.environments.withLock { $0[Self.base] = ["WHERE": "two", "OTHER": "nobody asks"] }
    try await world.build()
    #expect(Self.files(world) == ["a": ["two"]])
    #expect(try world.ledger()[pin: Self.key]?.environment == ["WHERE": "two"])
    world.edit("a", file: "one")
    #expect(try world.status("a") == "")
  }

  @Test func aSecretOfTheBaseIsNotWrittenDown() async throws {
    let world = World("e:1 <- a")
    world.write("a", "FROM e:1\nARG TOKEN=file\nCOPY $TOKEN /\n")
    world.resolver.environments.withLock { $0[Self.base] = ["TOKEN": "hidden"] }
    try await world.build()
    #expect(try world.ledger()[pin: Self.key]?.environment == [:])
    #expect(
      !String(decoding: try world.files.contents(of: World.lockPath, limit: 1 << 20), as: UTF8.self).contains("hidden"))
  }

  @Test(arguments: [["V": "two"], [:]])
  func aTouchedImageOfAnUnknownBaseStays(environment: [String: String]) async throws {
    let world = Self.planted(environment)
    try world.touch()
    #expect(try world.status("a") == "" && world.status("b") == "")
    world.edit("b", file: "one")
    try await world.build("b")
    try await world.build()
    #expect(world.ran == [])
    #expect(try world.status("a") == "")
  }

  @Test func aPinOfOldIsReadAsIfTheBaseHadNone() async throws {
    let world = Self.planted(nil)
    try await world.build()
    #expect(Self.files(world) == ["a": ["one"], "b": ["one"]])
    try world.change { $0[pin: Self.key]?.environment = ["V": "two"] }
    #expect(try world.status("a") == "context +file, context +three, context +two")
  }

  @Test func whatTriggersAskIsAskedToo() async throws {
    let world = World("e:1 <- a")
    for file in ["one", "two"] { world.edit("a", file, file: file) }
    world.write("a", "FROM e:1\n")
    world.resolver.triggers.withLock { $0[Self.base] = ["COPY $WHERE /"] }
    world.resolver.environments.withLock { $0[Self.base] = ["WHERE": "two"] }
    try await world.build()
    #expect(Self.files(world) == ["a": ["two"]])
  }
}
