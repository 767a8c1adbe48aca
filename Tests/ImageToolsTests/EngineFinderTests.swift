import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// A machine with some engines, each of which works or not.
private final class Machine: Sendable {
  let directory: TemporaryDirectory
  let runner: ScriptedProcessRunner

  /// - Parameter build: what a trial of an engine does.
  init(
    installed: [String], build: @escaping @Sendable (ScriptedProcessRunner.Call) async throws -> Bool
  ) throws {
    let directory = try TemporaryDirectory()
    self.directory = directory
    for name in installed { try directory.write("bin/\(name)", "program", mode: 0o755) }
    runner = ScriptedProcessRunner { call in
      if call.arguments.contains("--version") {
        let name = FilePath(call.arguments[0]).name
        return .prints("\(name) version 1.28.2 (image-spec 1.0)")
      }
      if call.arguments.contains("buildx") { return .fails() }
      if call.arguments.contains("version") { return .prints("28.2.2 20.10.24") }
      if call.arguments.contains("--iidfile") {
        guard try await build(call) else { return .fails(1, "operation not permitted") }
        let place = try #require(call.directory)
        try PosixFileSystem().replace(
          place / "image-id", with: Array(Digest.sha256("i").description.utf8), mode: 0o644)
      }
      return .prints("")
    }
  }

  func finder(_ wanted: String? = nil, limit: Duration = .seconds(20), _ more: [String: String] = [:]) -> EngineFinder {
    EngineFinder(
      wanted: wanted, remembered: directory / ".coppice/engine", files: PosixFileSystem(), processes: runner,
      environment: ["PATH": "\(directory.path)/bin"].merging(more) { $1 }, limit: limit)
  }

  var trials: [String] {
    runner.commandLines.filter { $0.contains("--iidfile") }.map { FilePath($0[0]).name.description }
  }
}

@Suite struct EngineFinderTests {
  @Test func theFirstThatWorksIsTakenAndRemembered() async throws {
    let machine = try Machine(installed: ["docker", "podman", "buildah"]) {
      FilePath($0.arguments[0]).name == "buildah"
    }
    let engine = try await machine.finder().engine()
    #expect(engine.name == "buildah" && engine.version == "1.28.2")
    #expect(machine.trials == ["docker", "podman", "podman", "buildah"])
    machine.runner.clearCalls()
    #expect(try await machine.finder().engine().name == "buildah")
    #expect(await machine.finder().known()?.name == "buildah")
    #expect(machine.runner.calls.isEmpty)
  }

  @Test func chrootIsTriedWhereTheKernelRefusesMore() async throws {
    let machine = try Machine(installed: ["buildah"]) { $0.arguments.contains("chroot") }
    let engine = try #require(try await machine.finder().engine() as? BuildahEngine)
    #expect(engine.isolation == "chroot")
    let again = try #require(try await machine.finder().engine() as? BuildahEngine)
    #expect(again.isolation == "chroot")
    #expect(machine.trials.count == 2)
  }

  @Test func anotherProgramOrAnotherStoreIsTriedAgain() async throws {
    let machine = try Machine(installed: ["buildah"]) { _ in true }
    _ = try await machine.finder().engine()
    _ = try await machine.finder(nil, ["CONTAINERS_STORAGE_CONF": "/other"]).engine()
    #expect(machine.trials.count == 2)
    try machine.directory.write("bin/buildah", "a newer program", mode: 0o755)
    #expect(await machine.finder().known() == nil)
    _ = try await machine.finder().engine()
    #expect(machine.trials.count == 3)
  }

  @Test func noEngineSeesATimeThatIsNoInput() async throws {
    let machine = try Machine(installed: ["buildah"]) { _ in true }
    _ = try await machine.finder(nil, ["SOURCE_DATE_EPOCH": "77", "OTHER": "x"]).engine()
    #expect(!machine.runner.calls.isEmpty)
    #expect(machine.runner.calls.allSatisfy { $0.environment?["OTHER"] == "x" })
    #expect(machine.runner.calls.allSatisfy { $0.environment?["SOURCE_DATE_EPOCH"] == nil })
  }

  @Test func theOneThatWasChosenIsTheOnlyOneTried() async throws {
    let machine = try Machine(installed: ["docker", "buildah"]) { FilePath($0.arguments[0]).name == "buildah" }
    await #expect { _ = try await machine.finder("docker").engine() } throws: {
      let failure = $0 as? Failure
      return failure?.message.contains("operation not permitted") == true && failure?.help?.contains("--engine") == true
    }
    #expect(machine.trials == ["docker"])
    await #expect { _ = try await machine.finder("podman").engine() } throws: {
      ($0 as? Failure)?.message == "podman: not installed"
    }
    await #expect(throws: Failure.self) { _ = try await machine.finder("rkt").engine() }
  }

  @Test func anEngineThatHangsIsGivenUp() async throws {
    let machine = try Machine(installed: ["podman", "buildah"]) { call in
      if FilePath(call.arguments[0]).name == "podman" { try await Task.sleep(for: .seconds(600)) }
      return true
    }
    #expect(try await machine.finder(limit: .seconds(10)).engine().name == "buildah")
  }

  @Test func noEngineAtAllIsSaidWithEveryReason() async throws {
    let machine = try Machine(installed: []) { _ in true }
    await #expect { _ = try await machine.finder().engine() } throws: {
      ($0 as? Failure)?.message
        == "no engine works here: docker: not installed; podman: not installed; buildah: not installed"
    }
  }

  @Test func aDamagedMemoryCountsAsNone() async throws {
    let machine = try Machine(installed: ["buildah"]) { _ in true }
    try machine.directory.write(".coppice/engine", "{\"format\":1,\"engine\":\"buildah\"")
    #expect(await machine.finder().known() == nil)
    #expect(try await machine.finder().engine().name == "buildah")
  }

  @Test func twoStepsThatAskAtOnceTryOnce() async throws {
    let machine = try Machine(installed: ["buildah"]) { _ in true }
    let finder = machine.finder()
    async let first = finder.engine()
    async let second = finder.engine()
    #expect(try await first.name == (try await second.name))
    #expect(machine.trials.count == 1)
  }
}
