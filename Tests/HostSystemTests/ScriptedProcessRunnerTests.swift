import HostSystem
import TestSupport
import Testing

struct ScriptedProcessRunnerTests {
  @Test func itRemembersCommandsAndPlaysTheirAnswers() async throws {
    let runner = ScriptedProcessRunner { call in
      switch call.arguments {
      case ["docker", "version"]: .prints("24.0\n")
      case ["cat"]: .init(output: call.input)
      case ["gone"]: throw ProcessError.notFound("gone")
      default: .fails(2, "unknown")
      }
    }
    #expect(try await runner.capture(ProcessCommand(["docker", "version"])).output == Array("24.0\n".utf8))
    let copy = ProcessCommand(["cat"], environment: ["A": "b"], input: .bytes([1, 2]))
    #expect(try await runner.capture(copy).output == [1, 2])
    #expect(try await runner.capture(ProcessCommand(["x"])).status == .exited(2))
    await #expect(throws: ProcessError.self) { try await runner.run(ProcessCommand(["gone"])) }
    #expect(runner.commandLines == [["docker", "version"], ["cat"], ["x"], ["gone"]])
    #expect(runner.calls[1].environment == ["A": "b"])
  }

  @Test func cancellingEndsACommandThatTakesLong() async throws {
    let clock = ManualClock()
    let runner = ScriptedProcessRunner { _ in
      try await clock.sleep(for: .seconds(100))
      return .init()
    }
    let task = Task { try await runner.run(ProcessCommand(["sleep"])) }
    while clock.sleeperCount == 0 { await Task.yield() }
    task.cancel()
    await #expect(throws: ProcessError.self) { try await task.value }
    let other = Task { try await runner.run(ProcessCommand(["sleep"])) }
    while clock.sleeperCount == 0 { await Task.yield() }
    clock.advance(by: .seconds(100))
    #expect(try await other.value.isSuccess)
  }

  @Test func oneSeedGivesOneSequence() {
    var (first, second) = (SeededGenerator(seed: 1), SeededGenerator(seed: 1))
    #expect(first.bytes(100) == second.bytes(100))
    var other = SeededGenerator(seed: 2)
    #expect(other.bytes(100) != second.bytes(100))
  }
}
