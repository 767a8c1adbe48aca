import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

@Suite struct OrphanedEnginesTests {
  @Test func enginesOfDeadBuildsAreEndedAndNoOthers() async throws {
    let directory = try TemporaryDirectory()
    let files = PosixFileSystem()
    let processes = PosixProcessRunner()
    let now = RunDirectories(below: directory / "tmp", token: "now")
    let then = RunDirectories(below: directory / "tmp", token: "then")
    let elsewhere = RunDirectories(below: directory / "other", token: "then")
    func start(_ place: FilePath) -> Task<HostSystem.ExitStatus, any Error> {
      let environment = ["PATH": "/usr/bin:/bin"].merging(OrphanedEngines.variables(place)) { $1 }
      let command = ProcessCommand(
        ["sh", "-c", "touch '\(directory.path)/\(place.name)'; sleep 60 & wait"], environment: environment)
      return Task { try await processes.run(command) }
    }
    let dead = then.newDirectory(.build)
    let others = [now.newDirectory(.build), then.newDirectory(.trial), elsewhere.newDirectory(.build)]
    let orphan = start(dead)
    let alive = others.map(start)
    for place in [dead] + others {
      while try files.statusIfPresent(of: directory / place.name) == nil {
        try await Task.sleep(for: .milliseconds(10))
      }
    }
    await OrphanedEngines(directories: now, files: files).end()
    #expect(try await orphan.value == .signaled(15))
    for task in alive {
      task.cancel()
      // Ended by us and not before.
      await #expect(throws: ProcessError.self) { _ = try await task.value }
    }
  }
}
