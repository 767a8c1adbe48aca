import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// Engines that are missing, hang, lie or die: one clear message, and nothing false is recorded.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct EngineFaultTests {
  private func tree() async throws -> Repository {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("base")
    return tree
  }

  /// Builds `tools` where it cannot be built.
  private func expectFailure(
    _ tree: Repository, _ arguments: [String] = [], adding variables: [String: String], saying words: String,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    let lockfile = try tree.lockfile()
    let run = try await RunningCoppice(
      ["build", "tools", "--progress", "json"] + arguments, in: tree.directory.path,
      environment: tree.environment.merging(variables) { $1 }
    ).end()
    #expect(run.exitCode == 1, "\(run.all)", sourceLocation: sourceLocation)
    let errors = run.errorOutput.split(separator: "\n").filter { $0.hasPrefix("coppice: error: ") }
    #expect(errors.count == 1 && errors.first?.contains(words) == true, "\(run.all)", sourceLocation: sourceLocation)
    #expect(
      try run.events.map { $0["event"]?.string } == ["started", "finished", "done"], "\(run.all)",
      sourceLocation: sourceLocation)
    #expect(try tree.lockfile() == lockfile, sourceLocation: sourceLocation)
    #expect(try tree.leftovers() == [], sourceLocation: sourceLocation)
    #expect(try await tree.states()["docker/tools:1"] == "stale", sourceLocation: sourceLocation)
  }

  private func expectRecovery(_ tree: Repository) async throws {
    #expect(try await tree.build("tools") == ["docker/tools:1 built"])
    #expect(try await tree.build("all") == ["docker/python:1 built", "docker/science:1 built"])
    try await tree.expectEverythingIsWell()
  }

  @Test func anEngineThatIsMissingOrDeadIsNamed() async throws {
    let tree = try await tree()
    let nowhere = ["PATH": (tree.directory / "home").description]
    try await expectFailure(tree, adding: nowhere, saying: "buildah: not installed")
    try await expectFailure(tree, ["--engine", "podman"], adding: nowhere, saying: "podman: not installed")
    let every = nowhere.merging(["COPPICE_ENGINE": ""]) { $1 }
    try await expectFailure(
      tree, adding: every, saying: "docker: not installed; podman: not installed; buildah: not installed")
    if Laboratory.has("docker") {
      let dead = ["DOCKER_HOST": "unix:///nowhere/docker.sock"]
      try await expectFailure(tree, ["--engine", "docker"], adding: dead, saying: "unix:///nowhere/docker.sock")
    }
    // Nobody is sent to a log that does not exist.
    let plain = try await tree.run("build", "tools", adding: nowhere)
    #expect(plain.exitCode == 1 && !plain.all.contains("coppice log"), "\(plain.all)")
    try await expectRecovery(tree)
  }

  @Test func anEngineThatHangsIsGivenUp() async throws {
    let tree = try await tree()
    let found = try tree.standIn(for: "buildah", "sleep 3600")
    try await expectFailure(tree, adding: found, saying: "did not answer within 20 seconds")
    #expect(Processes.withCommand(containing: tree.directory.path.description) == [])
    try await expectRecovery(tree)
  }

  /// What stands in for `buildah` in each case; a trial is let through, so that the fault comes with a real build.
  private static let faults: [(script: String, words: String)] = [
    (#"echo garbage; exit 0"#, "'garbage' is not the version of buildah"),
    (#"[ "$1" = --version ] || exit 0; exec "$real" "$@""#, "without saying which image it built"),
    (#"case "$*" in bud*tmp/build*) echo garbage; exit 0;; esac; exec "$real" "$@""#, "without saying which image"),
    (
      #"""
      case "$*" in bud*tmp/build*)
        while [ "$1" != --iidfile ]; do shift; done
        printf 'sha256:%064d' 7 > "$2"; exit 0;;
      esac; exec "$real" "$@"
      """#, "image not known"
    ),
    (#"case $1 in push) head -c 100000 /dev/urandom; exit 0;; esac; exec "$real" "$@""#, "not a tar header"),
    (#"case $1 in push) exit 0;; esac; exec "$real" "$@""#, "neither manifest.json nor index.json"),
    (#"case $1 in push) "$real" "$@" | head -c 500000; exit 0;; esac; exec "$real" "$@""#, "before its end"),
    (#"case $1 in push) "$real" "$@" | head -c 500000; kill -9 $$;; esac; exec "$real" "$@""#, "killed by signal 9"),
    // All of the image, and still it says that it failed: what it gave cannot be trusted.
    (#"case $1 in push) "$real" "$@"; echo not so >&2; exit 5;; esac; exec "$real" "$@""#, "not so"),
    (#"case $1 in tag) echo no tags today >&2; exit 125;; esac; exec "$real" "$@""#, "no tags today"),
    (#"case "$*" in bud*tmp/build*) yes | head -c 5000000; exit 9;; esac; exec "$real" "$@""#, "buildah bud: y"),
    (#"case "$*" in bud*tmp/build*) head -c 100000 /dev/urandom; exit 9;; esac; exec "$real" "$@""#, "buildah bud: "),
  ]

  @Test func anEngineThatLiesOrFailsIsNotBelieved() async throws {
    let tree = try await tree()
    for fault in Self.faults {
      // Each one's own image: nothing of the last case may help.
      try tree.defineTools("RUN echo '\(fault.words.filter { $0.isLetter })' > /tools")
      try await expectFailure(tree, adding: try tree.standIn(for: "buildah", fault.script), saying: fault.words)
    }
    try await expectRecovery(tree)
  }

  @Test func anEngineThatIsKilledInTheMiddleOfABuildIsTold() async throws {
    let tree = try await tree()
    let lockfile = try tree.lockfile()
    try tree.defineTools("RUN echo first > /slow; sleep 30")
    let build = try await tree.start("build", "tools", "--progress", "json")
    var engines: [pid_t] = []
    try await waitUntil("the engine runs") {
      engines = Processes.withCommand(containing: (tree.directory / ".coppice/tmp/build-").description)
      return try !engines.isEmpty && build.events.first != nil
    }
    try await Task.sleep(for: .milliseconds(300))
    for process in engines { kill(process, SIGKILL) }
    let run = try await build.end()
    #expect(run.exitCode == 1, "\(run.all)")
    #expect(run.errorOutput.contains("buildah bud: "), "\(run.all)")
    #expect(run.errorOutput.contains("killed by signal 9"), "\(run.all)")
    #expect(run.errorOutput.contains("help: something ended it from outside"), "\(run.all)")
    #expect(try tree.lockfile() == lockfile)
    try tree.defineTools("RUN echo second > /slow")
    try await expectRecovery(tree)
    #expect(try await tree.file("slow", inImage: "tools:1") == "second\n")
  }
}
