import Glibc
import HostSystem
import ImageModel
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)))
struct PosixProcessRunnerTests {
  private let runner = PosixProcessRunner(linger: .milliseconds(300))

  private func shell(_ script: String) -> ProcessCommand { ProcessCommand(["sh", "-c", script]) }

  /// Waits for something that comes a moment later.
  private func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    for _ in 0..<200 {
      if try condition() { return true }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  @Test func statusOutputAndErrorsComeBack() async throws {
    let result = try await runner.capture(shell("echo out; echo err >&2; exit 3"))
    #expect(result.status == .exited(3))
    #expect(result.output == Array("out\n".utf8))
    #expect(result.errorOutput == Array("err\n".utf8))
    #expect(try await runner.run(shell("kill -9 $$")) == .signaled(9))
    #expect(try await runner.run(ProcessCommand(["true"])).isSuccess)
  }

  @Test func argumentsEnvironmentAndDirectoryArriveAsTheyAre() async throws {
    let directory = try TemporaryDirectory()
    var command = ProcessCommand(
      ["sh", "-c", "printf '%s|' \"$@\"; pwd; env", "sh", "a b", "", "$HOME", "é\n"],
      environment: ["ONE": "1 = 2", "PATH": "/usr/bin:/bin"], directory: directory.path)
    let text = String(decoding: try await runner.capture(command).output, as: UTF8.self)
    #expect(text.hasPrefix("a b||$HOME|é\n|\(directory.path)\n"))
    #expect(text.contains("ONE=1 = 2\n") && !text.contains("HOME="))
    command.environment = nil
    #expect(String(decoding: try await runner.capture(command).output, as: UTF8.self).contains("PATH="))
  }

  @Test func aProgramIsLookedUpInThePathThatItWillSee() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("bin/tool", "#!/bin/sh\necho mine\n", mode: 0o755)
    try directory.write("bin/data", "", mode: 0o644)
    let path = ["PATH": "relative:\(directory / "bin"):/usr/bin:/bin"]
    #expect(try await runner.capture(ProcessCommand(["tool"], environment: path)).output == Array("mine\n".utf8))
    await #expect(throws: ProcessError.self) { try await runner.run(ProcessCommand(["tool"])) }
    do {
      _ = try await runner.run(ProcessCommand(["data"], environment: path))
      Issue.record("ran")
    } catch {
      guard case .notStarted("data", _) = error else {
        Issue.record(error)
        return
      }
    }
  }

  @Test(arguments: [["no-such-program-at-all"], ["/no/such/program"], [""]])
  func aProgramThatDoesNotExistIsNotFound(arguments: [String]) async throws {
    do {
      _ = try await runner.run(ProcessCommand(arguments))
      Issue.record("ran")
    } catch {
      guard case .notFound = error else {
        Issue.record(error)
        return
      }
    }
  }

  @Test func aMissingDirectoryIsNotTakenForAMissingProgram() async throws {
    do {
      _ = try await runner.run(ProcessCommand(["true"], directory: "/no/such/directory"))
      Issue.record("ran")
    } catch {
      guard case .notStarted = error else {
        Issue.record(error)
        return
      }
      #expect("\(error)".contains("/no/such/directory"))
    }
    await #expect(throws: ProcessError.self) { try await runner.run(ProcessCommand(["true", "a\0b"])) }
    await #expect(throws: ProcessError.self) { try await runner.run(ProcessCommand([])) }
  }

  @Test func tenMegabytesComeThroughHandlerAndConsumerAtOnce() async throws {
    let size = 10 << 20
    let handled = Locked((count: 0, sum: UInt8(0)))
    let consumed = Locked((count: 0, sum: UInt8(0)))
    var command = shell("head -c \(size) /dev/zero | tr '\\0' x; head -c \(size) /dev/zero | tr '\\0' y >&2")
    command.output = .handler { piece in
      handled.withLock { $0 = ($0.count + piece.count, piece.reduce($0.sum, ^)) }
    }
    command.errorOutput = .consumer { reader in
      var buffer = [UInt8](repeating: 0, count: 100_000)
      while true {
        let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        if count == 0 { break }
        consumed.withLock { $0 = ($0.count + count, buffer[..<count].reduce($0.sum, ^)) }
      }
    }
    #expect(try await runner.run(command).isSuccess)
    #expect(handled.withLock { $0 } == (size, 0))
    #expect(consumed.withLock { $0 } == (size, 0))
  }

  @Test func aProducerFeedsTheProcess() async throws {
    var command = ProcessCommand(["wc", "-c"])
    command.input = .producer { writer in
      let piece = [UInt8](repeating: 7, count: 300_001)
      for _ in 0..<20 { try piece.withUnsafeBytes { try writer.write($0) } }
    }
    #expect(try await runner.capture(command).output == Array("6000020\n".utf8))
    command.input = .bytes(Array(repeating: 1, count: 1 << 20))
    #expect(try await runner.capture(command).output == Array("1048576\n".utf8))
    command.input = .null
    #expect(try await runner.capture(command).output == Array("0\n".utf8))
  }

  @Test func aProcessThatDoesNotReadItsInputEndsItsProducer() async throws {
    var command = ProcessCommand(["true"])
    let ended = Locked(false)
    command.input = .producer { writer in
      defer { ended.withLock { $0 = true } }
      let piece = [UInt8](repeating: 7, count: 100_000)
      while true { try piece.withUnsafeBytes { try writer.write($0) } }
    }
    #expect(try await runner.run(command).isSuccess)
    #expect(ended.withLock { $0 })
    command.input = .bytes(Array(repeating: 1, count: 1 << 20))
    #expect(try await runner.run(command).isSuccess)
  }

  private struct Refused: Error {}

  @Test func anErrorOfAConsumerOrProducerEndsTheProcess() async throws {
    for part in 0..<2 {
      var command = shell("echo x; exec sleep 100")
      if part == 0 { command.output = .consumer { _ in throw Refused() } }
      if part == 1 { command.input = .producer { _ in throw Refused() } }
      do {
        _ = try await runner.run(command)
        Issue.record("went on")
      } catch {
        guard case .stream(let cause) = error, cause is Refused else {
          Issue.record(error)
          return
        }
      }
    }
  }

  @Test func theFailureOfAProcessCountsMoreThanThatOfItsReader() async throws {
    for status in [Int32(0), 4] {
      var command = shell("echo half; exit \(status)")
      command.output = .consumer { reader in
        var buffer = [UInt8](repeating: 0, count: 100)
        while try buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }) > 0 {}
        throw Refused()
      }
      if status == 0 {
        await #expect(throws: ProcessError.self) { try await runner.run(command) }
      } else {
        #expect(try await runner.run(command) == .exited(status))
      }
    }
  }

  @Test func whatAConsumerLeavesIsReadToTheEnd() async throws {
    var command = shell("head -c 3000000 /dev/zero && echo done >&2")
    let errors = Locked<[UInt8]>([])
    command.output = .consumer { _ in }
    command.errorOutput = .handler { piece in errors.withLock { $0 += piece } }
    #expect(try await runner.run(command).isSuccess)
    #expect(errors.withLock { $0 } == Array("done\n".utf8))
  }

  @Test func aSlowConsumerHoldsTheProcessBack() async throws {
    var command = shell("head -c 500000 /dev/zero")
    let count = Locked(0)
    command.output = .consumer { reader in
      var buffer = [UInt8](repeating: 0, count: 60_000)
      while true {
        let read = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        if read == 0 { break }
        count.withLock { $0 += read }
        usleep(60_000)  // longer in all than the runner lingers
      }
    }
    #expect(try await runner.run(command).isSuccess)
    #expect(count.withLock { $0 } == 500_000)
  }

  @Test func twoHundredCommandsAtOnce() async throws {
    let sum = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<200 {
        group.addTask {
          let result = try await runner.capture(shell("echo \(number); echo error >&2; exit \(number % 7)"))
          #expect(result.status == .exited(Int32(number % 7)))
          #expect(result.errorOutput == Array("error\n".utf8))
          return Int(String(decoding: result.output.dropLast(), as: UTF8.self)) ?? -1
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sum == 199 * 200 / 2)
  }

  @Test func cancellingEndsAGroupThatIgnoresIt() async throws {
    let directory = try TemporaryDirectory()
    var command = shell(
      "trap '' TERM; sleep 300 & echo $! > pids; echo $$ >> pids; mv pids ready; while :; do sleep 1; done")
    command.directory = directory.path
    command.grace = .milliseconds(400)
    command.output = .handler { _ in }
    command.errorOutput = .consumer { reader in
      var buffer = [UInt8](repeating: 0, count: 100)
      while try buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }) > 0 {}
    }
    let (started, cancelled) = (runner, command)
    let task = Task { try await started.run(cancelled) }
    #expect(await eventually { (try? directory.text("ready")) != nil })
    let clock = ContinuousClock()
    let time = await clock.measure {
      task.cancel()
      switch await task.result {
      case .success: Issue.record("not cancelled")
      case .failure(let error):
        guard case .cancelled? = error as? ProcessError else {
          Issue.record(error)
          return
        }
      }
    }
    #expect(time > .milliseconds(300) && time < .seconds(3))
    let pids = try directory.text("ready").split(separator: "\n").compactMap { pid_t($0) }
    #expect(pids.count == 2)
    for pid in pids {
      // A killed orphan may wait a moment as a zombie for whoever adopted it.
      #expect(await eventually { kill(pid, 0) != 0 || Self.isZombie(pid) })
    }
  }

  private static func isZombie(_ pid: pid_t) -> Bool {
    guard let bytes = try? PosixFileSystem().contents(of: "/proc/\(pid)/stat", limit: 4096) else { return true }
    return String(decoding: bytes, as: UTF8.self).contains(") Z ")
  }

  @Test func aProcessThatTakesTheHintEndsAtOnce() async throws {
    let (runner, command) = (runner, ProcessCommand(["sleep", "300"]))
    let task = Task { try await runner.run(command) }
    try await Task.sleep(for: .milliseconds(50))
    let time = await ContinuousClock().measure {
      task.cancel()
      _ = await task.result
    }
    #expect(time < .seconds(2))
  }

  @Test func aStoppedProcessIsEndedToo() async throws {
    let (runner, command) = (runner, shell("kill -STOP $$; sleep 300"))
    let task = Task { try await runner.run(command) }
    try await Task.sleep(for: .milliseconds(100))
    let time = await ContinuousClock().measure {
      task.cancel()
      _ = await task.result
    }
    #expect(time < .seconds(2))
  }

  @Test func nothingStartsInACancelledTask() async throws {
    let directory = try TemporaryDirectory()
    let (runner, command) = (runner, ProcessCommand(["touch", (directory / "file").description]))
    let task = Task {
      try? await Task.sleep(for: .seconds(60))
      return try await runner.run(command)
    }
    task.cancel()
    await #expect(throws: ProcessError.self) { try await task.value }
    #expect(try directory.fileSystem.entries(of: directory.path).isEmpty)
  }

  @Test func pipesThatAGrandchildHoldsDoNotHoldUs() async throws {
    for output in [ProcessCommand.Output.handler { _ in }, .consumer { _ in }] {
      var command = shell("sleep 300 & echo started")
      command.output = output
      var isSuccess = false
      let time = try await ContinuousClock().measure { isSuccess = try await runner.run(command).isSuccess }
      #expect(isSuccess && time < .seconds(5))
    }
  }

  @Test func pipesHeldFromAnotherSessionDoNotHoldUs() async throws {
    for output in [ProcessCommand.Output.handler { _ in }, .consumer { _ in }] {
      var command = shell("setsid sleep 8 & echo started")
      command.output = output
      command.grace = .milliseconds(100)
      var isSuccess = false
      let time = try await ContinuousClock().measure { isSuccess = try await runner.run(command).isSuccess }
      #expect(isSuccess && time < .seconds(5))
    }
  }

  @Test func whatStillWritesIsNotEndedWhileItsConsumerIsBusy() async throws {
    var command = shell("(sleep 0.8; echo late) & echo early")
    let lines = Locked<[UInt8]>([])
    command.output = .consumer { reader in
      var buffer = [UInt8](repeating: 0, count: 100)
      while true {
        let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        if count == 0 { break }
        lines.withLock { $0 += buffer[..<count] }
        usleep(1_200_000)  // longer than the runner lingers and than the writer takes
      }
    }
    #expect(try await runner.run(command).isSuccess)
    #expect(lines.withLock { $0 } == Array("early\nlate\n".utf8))
  }

  @Test func aDaemonWithoutOurPipesLivesOn() async throws {
    let directory = try TemporaryDirectory()
    var command = shell("(sleep 0.6; echo > alive) >/dev/null 2>&1 &")
    command.directory = directory.path
    #expect(try await runner.capture(command).status.isSuccess)
    #expect(await eventually { (try? directory.text("alive")) != nil })
  }

  @Test func tooMuchOutputIsAnErrorAndOfTooManyErrorsTheLastAreKept() async throws {
    await #expect(throws: ProcessError.self) { try await runner.capture(shell("head -c 101 /dev/zero"), limit: 100) }
    let result = try await runner.capture(shell("seq 100000 >&2; printf 'the end' >&2"), limit: 100)
    #expect(result.errorOutput.count == 100)
    #expect(String(decoding: result.errorOutput, as: UTF8.self).hasSuffix("100000\nthe end"))
  }

  @Test func thousandsOfProcessesLeaveNeitherDescriptorsNorZombies() async throws {
    let ours = "/proc/self/fd" as FilePath
    let before = try PosixFileSystem().entries(of: ours).count
    for _ in 0..<20 {
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<50 {
          group.addTask {
            var command = ProcessCommand(number % 9 == 0 ? ["no-such-program"] : ["true"])
            command.input = number % 3 == 0 ? .bytes([1, 2, 3]) : .null
            command.output = number % 4 == 0 ? .consumer { _ in } : .handler { _ in }
            _ = try? await runner.run(command)
          }
        }
      }
    }
    // Other tests beside this one have some files open; a leak would show a thousand times.
    #expect(try PosixFileSystem().entries(of: ours).count < before + 100)
    #expect(await eventually { (try? Self.zombies()) == 0 })
  }

  private static func zombies() throws -> Int {
    let fileSystem = PosixFileSystem()
    var count = 0
    for entry in try fileSystem.entries(of: "/proc") where pid_t(entry.name.description) != nil {
      guard let bytes = try? fileSystem.contents(of: "/proc" / entry.name / "stat", limit: 4096) else { continue }
      let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
      if fields.count > 1, fields[0] == "Z", fields[1] == "\(getpid())" { count += 1 }
    }
    return count
  }
}
