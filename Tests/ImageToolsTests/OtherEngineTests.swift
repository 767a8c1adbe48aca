import BuildEngine
import ContentStore
import HostSystem
import ImageModel
import ImageTools
import TestSupport
import Testing

/// Docker's daemon is somebody's: only when COPPICE_TEST_DOCKER_HOST names one that tests may use.
// One daemon has one set of names.
@Suite(.serialized) struct OtherEngineTests {
  @Test(.enabled(if: Installed.hasPodman)) func podmanBuildsTestsAndTakesUpstreamsBack() async throws {
    try await chain("podman", try await RealEngine())
  }

  @Test(.enabled(if: Installed.dockerHost != nil), arguments: Installed.dockers) func dockerDoesToo(_ program: String)
    async throws
  {
    let lab = try await RealEngine(docker: program)
    try await chain("docker", lab)
  }

  @Test(.enabled(if: Installed.dockerHost != nil), arguments: Installed.dockers) func directoriesGetTheirNewPermissions(
    _ program: String
  ) async throws {
    let lab = try await RealEngine(docker: program)
    var recipe = try lab.define(
      "modes", "FROM scratch\nCOPY tree /tree\n", files: ["tree/sub/file": "\(lab.directory.path)"])
    recipe.aliases = []
    var contents: [Digest?] = []
    for mode: UInt16 in [0o755, 0o700, 0o755] {
      try lab.files.setMode(mode, of: recipe.definition.directory / "tree/sub")
      contents.append(try await lab.runner("docker").run(try lab.job(recipe)) { _ in }.content)
    }
    #expect(contents[0] != contents[1])
    #expect(contents[0] == contents[2])
  }

  @Test(.enabled(if: Installed.dockerHost != nil), arguments: Installed.dockers)
  func aFailingInstructionIsToldWithItsLine(_ program: String) async throws {
    try await StepTraceTests.failingInstruction("docker", try await RealEngine(docker: program))
  }

  private func chain(_ name: String, _ lab: RealEngine) async throws {
    let runner = lab.runner(name)
    var base = try lab.define(
      "chain-base", "FROM scratch\nCOPY sh /bin/sh\nCOPY data /data\nENTRYPOINT [\"/nothing\"]\n",
      files: ["data": "one\n"])
    base.test = ["/bin/sh", "-c", "cat /data"]
    let lines = CollectedLines()
    let upstream = try await runner.run(try lab.job(base)) { lines.add($0) }
    #expect(lines.all.contains { $0.contains("one") })
    base.test = ["/bin/sh", "-c", "fail now"]
    let failing = base
    await #expect(throws: StepFailure.self) { _ = try await runner.run(try lab.job(failing)) { _ in } }

    base = try lab.define("chain-base", "FROM scratch\nCOPY sh /bin/sh\n")
    _ = try await runner.run(try lab.job(base)) { _ in }
    let engine = try await lab.finder(name).engine()
    await engine.remove(EngineImage(id: upstream.digest.description))
    #expect(try await engine.image(config: upstream.digest) == nil)
    let top = try lab.define(
      "chain-top",
      """
      FROM cati/chain-base:1 AS first
      RUN cp /data /a
      FROM scratch
      COPY --from=cati/chain-base:1 /data /b
      COPY --from=first /a /a
      """)
    let output = try await runner.run(
      try lab.job(top, upstreams: [base.id: upstream], images: ["docker.io/cati/chain-base:1": base.id])
    ) { _ in }
    #expect(runner.condition(of: top.id, output) == .intact)
    #expect(try await engine.image(config: upstream.digest)?.id == upstream.digest.description)
    try await runner.adopt(
      .image(top), output, of: Fingerprint(.sha256("")), isFresh: false)
    #expect(try await engine.image(named: "cati/chain-top:1")?.id == output.digest.description)
    try await runner.adopt(
      .image(base), upstream, of: Fingerprint(.sha256("")), isFresh: false)
    #expect(try await engine.image(named: "cati/chain-base:latest")?.id == upstream.digest.description)
    #expect(try lab.files.entries(of: lab.directories.directory).isEmpty)
  }
}
