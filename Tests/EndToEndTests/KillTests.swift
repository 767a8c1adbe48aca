import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// A build that ends anywhere leaves nothing false, and the next one goes on from there.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct KillTests {
  enum Victim: String, CaseIterable { case coppiceAlone, everythingThatItStarted }

  @Test(arguments: Victim.allCases)
  func aBuildThatIsKilledAnywhereGoesOn(victim: Victim) async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("all")
    try edit(tree, "first")
    let clock = ContinuousClock()
    let duration = try await clock.measure { try await tree.build("all") }
    var random = SeededGenerator(seed: victim == .coppiceAlone ? 1 : 2)
    for cycle in 0..<(Laboratory.isSoak ? 100 : 10) {
      try edit(tree, "\(victim) \(cycle)")
      let instant = duration * Double.random(in: 0..<1, using: &random)
      let build = try await tree.start("build", "all", "--progress", "json")
      try await Task.sleep(for: instant)
      switch victim {
      case .coppiceAlone: build.send(SIGKILL)
      case .everythingThatItStarted: build.killWithDescendants()
      }
      _ = try await build.end()
      try await expectRecovery(tree, after: build, "cycle \(cycle), killed after \(instant)")
    }
    #expect(Processes.withCommand(containing: tree.directory.path.description) == [])
  }

  /// What is to be built in every cycle: two images at once, and one after them.
  private func edit(_ tree: Repository, _ text: String) throws {
    for (name, base) in [("python", "cati/base:1"), ("tools", "cati/base:1")] {
      try tree.write(
        "share/docker/\(name)/1/Dockerfile", "FROM \(base)\nRUN echo \(name) > /\(name)\nRUN echo \(text) > /cycle\n")
    }
  }

  private func expectRecovery(_ tree: Repository, after build: RunningCoppice, _ when: String) async throws {
    try tree.expectNothingIsHalfWritten()
    // The lockfile can be read: every block is whole.
    let status = try await tree.coppice("status", "--json")
    #expect(status.exitCode == 0 && status.errorOutput.isEmpty, "\(when): \(status.all)")

    let done = try build.finished.map { $0.prefix { $0 != " " } }
    let again = try await tree.build("all")
    // What had ended is not run again: it is current, or taken from the store.
    for id in done {
      #expect(!again.contains { $0.hasPrefix(id + " ") && !$0.hasSuffix(" restored") }, "\(when): \(done), \(again)")
    }
    #expect(!again.contains { $0.hasPrefix("docker/base:1 ") }, "\(when): \(again)")
    try await tree.expectEverythingIsWell()
    if !build.output.contains(#""event":"done""#) { #expect(try await tree.build("all") == []) }
  }

  @Test func whatAKilledRunLeftHalfWrittenIsRemoved() async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("base")
    for directory in ["", ".coppice/"] as [FilePath] { try tree.write(directory / ".coppice-1hf7x0qjt3k2c", "torn") }
    try tree.write(".coppice/tmp/build-1hf7x0qjt3k2c-2hf7x0qjt3k2c/context/file", "torn")
    try tree.write(".coppice-notes", "a person's")
    try await tree.build("all")
    #expect(try tree.leftovers() == [".coppice-notes"])
  }
}
