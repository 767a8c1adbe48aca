import HostSystem
import ImageModel
import Testing

@testable import coppice

/// The real program, as far as it needs no repository.
@Suite struct ProcessEdgeTests {
  private func program() throws -> String {
    let bundle = try #require(CommandLine.arguments.first { $0.hasSuffix(".xctest") })
    return (FilePath(bundle).parent / "coppice").description
  }

  private func run(_ arguments: [String], environment: [String: String]? = nil) async throws -> (
    status: HostSystem.ExitStatus, output: String, errors: String
  ) {
    let (output, errors) = (Locked<[UInt8]>([]), Locked<[UInt8]>([]))
    let command = ProcessCommand(
      [try program()] + arguments, environment: environment,
      output: .handler { bytes in output.withLock { $0.append(contentsOf: bytes) } },
      errorOutput: .handler { bytes in errors.withLock { $0.append(contentsOf: bytes) } })
    let status = try await PosixProcessRunner().run(command)
    return (
      status, String(decoding: output.withLock { $0 }, as: UTF8.self),
      String(decoding: errors.withLock { $0 }, as: UTF8.self)
    )
  }

  @Test func theVersionIsOnStandardOutput() async throws {
    let result = try await run(["--version"])
    #expect(result.status == .exited(0))
    #expect(result.output == "coppice 0.1.0\n")
    #expect(result.errors == "")
  }

  @Test func withoutArgumentsItShowsItsHelp() async throws {
    let result = try await run([], environment: [:])
    #expect(result.status == .exited(0))
    #expect(result.output == HelpText().overview())
  }

  @Test func aWrongCommandLineGivesTwo() async throws {
    let result = try await run(["bild", "--color", "never"])
    #expect(result.status == .exited(2))
    #expect(result.output == "")
    #expect(result.errors == "coppice: error: unknown command 'bild'\n  help: did you mean 'build'?\n")
  }

  @Test func aFullDiskIsAnErrorAndAClosedPipeIsNone() async throws {
    let path = try program()
    for (script, code, words) in [
      (#""$0" help > /dev/full"#, 1, "standard output: No space left on device"),
      (#"(sleep 0.1; "$0" help; echo $? >&2) | true"#, 0, "141"),
    ] as [(String, Int32, String)] {
      let errors = Locked<[UInt8]>([])
      let status = try await PosixProcessRunner().run(
        ProcessCommand(
          ["sh", "-c", script, path],
          errorOutput: .handler { bytes in errors.withLock { $0.append(contentsOf: bytes) } }))
      #expect(status == .exited(code))
      #expect(String(decoding: errors.withLock { $0 }, as: UTF8.self).contains(words))
    }
  }
}
