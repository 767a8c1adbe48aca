import BuildEngine
import HostSystem
import ImageModel
import Testing

@testable import coppice

@Suite struct InvocationTests {
  private func invocation(
    _ words: [String], environment: [String: String] = [:], isTerminal: Bool = false
  ) throws -> Invocation {
    let line = try CommandLineRequest(words)
    let recording = Recording()
    return Invocation(
      request: line.request, global: line.global, environment: environment, currentDirectory: "/home/me",
      output: recording.output, errorOutput: recording.output, isOutputTerminal: isTerminal, style: .plain,
      diagnostics: DiagnosticText(), size: { .standard })
  }

  @Test func pathsAreSeenFromTheDirectoryThatWasAskedFor() throws {
    let here = try invocation(["list"])
    #expect(here.directory == "/home/me" && here.repository == nil && here.store == nil && here.engine == nil)
    let there = try invocation(["-C", "project", "-r", "images", "--store", "/var/store", "list"])
    #expect(there.directory == "/home/me/project")
    #expect(there.repository == "/home/me/project/images")
    #expect(there.store == "/var/store")
  }

  @Test func optionsGoBeforeVariablesAndEmptyVariablesDoNotCount() throws {
    let variables = ["COPPICE_ENGINE": "podman", "COPPICE_STORE": "s", "COPPICE_JOBS": "3"]
    let plain = try invocation(["list"], environment: variables)
    #expect(plain.engine == "podman")
    #expect(plain.store == "/home/me/s")
    #expect(try plain.jobsOfEnvironment() == 3)
    #expect(try invocation(["list", "--engine", "docker"], environment: variables).engine == "docker")
    #expect(try invocation(["list"], environment: ["COPPICE_ENGINE": "", "COPPICE_JOBS": ""]).engine == nil)
    #expect(throws: InvalidInput.self) {
      try invocation(["list"], environment: ["COPPICE_JOBS": "0"]).jobsOfEnvironment()
    }
  }

  @Test func theReporterFitsTheTerminal() throws {
    let terminal = try invocation(["build"], environment: ["TERM": "xterm"], isTerminal: true)
    let live = terminal.reporter(.auto)
    #expect(live is TerminalReporter)
    live.close()
    #expect(terminal.reporter(.plain) is PlainReporter)
    #expect(terminal.reporter(.json) is JSONReporter)
    #expect(try invocation(["build"]).reporter(.auto) is PlainReporter)
    #expect(try invocation(["build"], environment: ["TERM": "dumb"], isTerminal: true).reporter(.auto) is PlainReporter)
    #expect(try invocation(["build", "-v"], isTerminal: true).reporter(.auto) is PlainReporter)
  }

  @Test func theFirstRequestToEndDecidesAndCancels() async {
    let interruption = Interruption()
    #expect(interruption.outcome(of: .failure) == .failure)
    #expect(!interruption.request(.brokenPipe))
    #expect(interruption.request(.interrupted))
    #expect(interruption.outcome(of: .success) == .brokenPipe)
    let task = Task<Void, Never> { while !Task.isCancelled { await Task.yield() } }
    interruption.watch(task)
    await task.value
  }
}
