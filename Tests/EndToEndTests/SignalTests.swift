import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// Ctrl-C and its kin end a build in order: what runs is stopped, what was finished is kept.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct SignalTests {
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalEndsABuildInOrder(signal: Int32) async throws {
    try await expectOrderlyEnd(signal, Repository(hasOwnEngineStore: true))
  }

  @Test func aSignalEndsABuildWithDockerInOrder() async throws {
    try await expectOrderlyEnd(SIGINT, Repository(engine: "docker"))
  }

  private func expectOrderlyEnd(_ signal: Int32, _ tree: Repository) async throws {
    try tree.defineTree()
    try await tree.build("all")
    let lockfile = try tree.lockfile()
    let mark = "mark-\(UInt64.random(in: .min ... .max))"
    try tree.defineTools("RUN echo first > /slow; echo \(mark); sleep 60")
    let build = try await tree.start("build", "all", "--progress", "json", "--verbose")
    try await build.waitForStart(of: "docker/tools:1")
    try await waitUntil("the engine runs the command") {
      try Laboratory.files.entries(of: tree.directory / ".coppice/logs").contains {
        try tree.directory.text(".coppice/logs" / $0.name).split(separator: "\n").contains(mark[...])
      }
    }
    let clock = ContinuousClock()
    let start = clock.now
    build.sendToGroup(signal)
    let run = try await build.end()
    #expect(run.exitCode == 130, "\(run.all)")
    #expect(clock.now - start < .seconds(15))
    #expect(try run.events.map { $0["event"]?.string } == ["started", "done"], "\(run.all)")
    #expect(try tree.lockfile() == lockfile)
    // The engine's processes are gone, and what they ran.
    if tree.engine == "buildah" {
      #expect(Processes.withCommand(containing: tree.directory.path.description) == [])
      #expect(Processes.withCommand(containing: mark) == [])
    }
    if tree.engine == "docker" {
      // The daemon is told by a closed connection, and takes its time.
      var running = mark
      for _ in 0..<100 where running.contains(mark) {
        let result = try await Laboratory.run(
          ["docker", "ps", "--no-trunc", "--format", "{{.Command}}"], environment: tree.environment)
        running = String(decoding: result.output, as: UTF8.self)
        if running.contains(mark) { try await Task.sleep(for: .milliseconds(100)) }
      }
      #expect(!running.contains(mark), "\(running)")
    }
    #expect(try tree.leftovers() == [])

    let second = "second-" + mark
    try tree.defineTools("RUN echo \(second) && echo second > /slow")
    #expect(try await tree.build("all") == ["docker/tools:1 built"])
    let log = try await tree.coppice("log", "tools:1")
    #expect(log.output.contains(second) && !log.output.contains("sleep 60"), "\(log.all)")
    try await tree.expectEverythingIsWell()
    if tree.engine == "buildah" { #expect(try await tree.file("slow", inImage: "tools:1") == "second\n") }
  }

  @Test func aSecondSignalEndsAtOnceEvenIfTheEngineHeedsNone() async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("base")
    let found = try tree.standIn(
      for: "buildah",
      #"""
      case "$*" in
        bud*tmp/trial*) ;;
        bud*) trap '' TERM INT; touch "$HOME/deaf"; for i in {1..300}; do sleep 0.1; done; exit 1;;
      esac
      exec "$real" "$@"
      """#)
    let build = try await tree.start("build", "tools", "--progress", "json", adding: found)
    try await waitUntil("the engine is deaf") {
      try Laboratory.files.statusIfPresent(of: tree.directory / "home/deaf") != nil
    }
    build.send(SIGTERM)
    try await Task.sleep(for: .milliseconds(300))
    let clock = ContinuousClock()
    let start = clock.now
    build.send(SIGTERM)
    #expect(try await build.end().exitCode == 130)
    #expect(clock.now - start < .seconds(2))
    for process in Processes.withCommand(containing: tree.directory.path.description) { kill(process, SIGKILL) }
    try await tree.build("all")
    try await tree.expectEverythingIsWell()
  }
}
