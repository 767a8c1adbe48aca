import BuildEngine
import BuildRecords
import ContentStore
import HostSystem
import ImageModel
import ImageTools
import TestSupport
import Testing

@Suite(.enabled(if: Installed.hasBuildah)) struct DockerImageRunnerTests {
  @Test func anImageIsBuiltStoredAndNamed() async throws {
    let lab = try await RealEngine()
    let recipe = try lab.define(
      "base", "FROM scratch\nCOPY sh /bin/sh\nCOPY data /data\nRUN cp /data /out\n", files: ["data": "one\n"])
    let lines = CollectedLines()
    let runner = lab.runner("buildah")
    let output = try await runner.run(try lab.job(recipe)) { lines.add($0) }
    #expect(runner.condition(of: recipe.id, output) == .intact)
    // What was built may be of no use: it has no name before somebody says so.
    let engine = try await lab.finder("buildah").engine()
    #expect(try lab.store.names().isEmpty)
    #expect(try await engine.image(named: "cati/base:latest") == nil)
    try await runner.adopt(
      .image(recipe), output, of: Fingerprint(.sha256("")), isFresh: false)
    #expect(try lab.store.names().keys.sorted() == ["cati/base:1", "cati/base:latest"])
    #expect(try await engine.image(named: "cati/base:latest")?.id == output.digest.description)
    #expect(lab.directories.leftovers(lab.files).isEmpty)
    #expect(try lab.files.entries(of: lab.directories.directory).isEmpty)
    #expect(lines.text.contains("STEP"))
  }

  @Test func anUpstreamIsTakenByItsDigestAndGivenBackWhenTheEngineLostIt() async throws {
    let lab = try await RealEngine()
    let runner = lab.runner("buildah")
    let base = try lab.define(
      "base", "FROM scratch\nCOPY sh /bin/sh\nCOPY data /data\nSHELL [\"/bin/sh\", \"-c\"]\n", files: ["data": "one\n"])
    let upstream = try await runner.run(try lab.job(base)) { _ in }
    let other = try await runner.run(
      try lab.job(try lab.define("base", "FROM scratch\nCOPY sh /bin/sh\n"))
    ) { _ in }
    #expect(other.digest != upstream.digest)
    let engine = try await lab.finder("buildah").engine()
    await engine.remove(EngineImage(id: upstream.digest.description))

    // The tag means the other image now, and the engine has lost ours.
    let top = try lab.define(
      "top",
      """
      FROM cati/base:1 AS first
      RUN cp /data /a
      FROM scratch
      COPY --from=cati/base:1 /data /b
      COPY --from=first /a /a
      """)
    let job = try lab.job(
      top, upstreams: [base.id: upstream], images: ["docker.io/cati/base:1": base.id])
    let output = try await runner.run(job) { _ in }
    #expect(runner.condition(of: top.id, output) == .intact)
    #expect(try await engine.image(config: upstream.digest)?.id == upstream.digest.description)
  }

  @Test func aNameNeverStaysOnAnotherImageThatTheEngineHas() async throws {
    let lab = try await RealEngine()
    let runner = lab.runner("buildah")
    let recipe = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nENV A=1\n")
    let first = try await runner.run(try lab.job(recipe)) { _ in }
    let other = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nENV A=2\n")
    let second = try await runner.run(try lab.job(other)) { _ in }
    try await runner.adopt(
      .image(other), second, of: Fingerprint(.sha256("")), isFresh: false)
    let engine = try await lab.finder("buildah").engine()
    await engine.remove(EngineImage(id: first.digest.description))

    try await runner.adopt(
      .image(recipe), first, of: Fingerprint(.sha256("")), isFresh: false)
    #expect(try await engine.image(named: "cati/x:1") == nil)
    #expect(try await engine.image(named: "cati/x:latest") == nil)
    #expect(try await engine.image(config: second.digest) != nil)
    #expect(Set(try lab.store.names().values).count == 1)
  }

  @Test func aBindMountThatChangedIsSeen() async throws {
    let lab = try await RealEngine()
    let runner = lab.runner("buildah")
    let dockerfile = """
      FROM scratch
      COPY sh /bin/sh
      RUN --mount=type=bind,source=data,target=/m cp /m /out
      """
    let first = try await runner.run(try lab.job(try lab.define("x", dockerfile, files: ["data": "one"]))) { _ in }
    let second = try await runner.run(try lab.job(try lab.define("x", dockerfile, files: ["data": "two"]))) { _ in }
    #expect(first.content != second.content)
  }

  @Test func buildingTwiceWithoutAnyChangeGivesTheSameContent() async throws {
    let lab = try await RealEngine()
    let runner = lab.runner("buildah")
    let recipe = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nRUN cp /bin/sh /a\nRUN cp /a /b\n")
    var job = try lab.job(recipe)
    job.mayUseCache = false
    let first = try await runner.run(job) { _ in }
    let second = try await runner.run(job) { _ in }
    #expect(first.digest != second.digest)
    #expect(first.content == second.content)
  }

  @Test func reproducibleImagesHaveIdenticalLayersEvenWithoutTheCache() async throws {
    let lab = try await RealEngine()
    let runner = lab.runner("buildah")
    var recipe = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nRUN write /epoch $SOURCE_DATE_EPOCH\n")
    recipe.isReproducible = true
    var job = try lab.job(recipe)
    job.mayUseCache = false
    let lines = CollectedLines()
    let first = try await runner.run(job) { lines.add($0) }
    let second = try await runner.run(job) { _ in }
    // Not the ids: docker's format names a random container and host.
    let layers = try [first, second].map { try lab.store.image($0.digest)?.layers.map(\.diffID) }
    #expect(layers[0] == layers[1])
    #expect(layers[0]?.isEmpty == false)
    #expect(lines.text.contains("ARG SOURCE_DATE_EPOCH"))
  }

  @Test func argumentsAndSecretsReachTheBuildAndNotTheLog() async throws {
    let lab = try await RealEngine()
    var recipe = try lab.define(
      "x",
      "FROM scratch\nCOPY sh /bin/sh\nARG JOBS\nRUN echo jobs=$JOBS\nRUN --mount=type=secret,id=token cat /run/secrets/token\n"
    )
    recipe.buildArguments = ["JOBS": "four"]
    recipe.secrets = [BuildSecret(id: "token", source: .environment("TOKEN"))]
    let lines = CollectedLines()
    let run = lab.directory / "run"
    try lab.files.createDirectory(run)
    let (files, temporary) = (lab.files, lab.directories.directory)
    let seen = CollectedLines()
    _ = try await lab.runner("buildah", adding: ["XDG_RUNTIME_DIR": run.description]).run(try lab.job(recipe)) { line in
      lines.add(line)
      for place in (try? files.entries(of: run)) ?? [] {
        for entry in (try? files.entries(of: run / place.name)) ?? [] { seen.add(entry.name.description) }
      }
      for build in (try? files.entries(of: temporary)) ?? [] {
        for entry in (try? files.entries(of: temporary / build.name)) ?? [] { seen.add("on disk: \(entry.name)") }
      }
    }
    #expect(Set(seen.all).isSuperset(of: ["lock", "0", "on disk: Dockerfile"]))
    #expect(!seen.all.contains("on disk: secrets"))
    #expect(try lab.files.entries(of: run).isEmpty)
    #expect(lines.all.contains("jobs=four"))
    #expect(lines.text.contains("***"))
    #expect(!lines.text.contains("very-secret-value"))
  }

  @Test(arguments: ["blurt /run/secrets/token", "perish /run/secrets/token"])
  func aSecretThatAFailingCommandPrintedIsNotInTheFailure(_ command: String) async throws {
    let lab = try await RealEngine()
    var recipe = try lab.define(
      "x", "FROM scratch\nCOPY sh /bin/sh\nRUN --mount=type=secret,id=token \(command)\n")
    recipe.secrets = [BuildSecret(id: "token", source: .environment("TOKEN"))]
    let lines = CollectedLines()
    await #expect { _ = try await lab.runner("buildah").run(try lab.job(recipe)) { lines.add($0) } } throws: {
      !"\($0)".contains("very-secret-value")
    }
    #expect(lines.text.contains("error: ***"))
    #expect(!lines.text.contains("very-secret-value"))
  }

  @Test(arguments: [ProcessAnswer.fails, .isKilled]) func norInTheWordsOfAnEngineThatFails(_ answer: ProcessAnswer)
    async throws
  {
    let directory = try TemporaryDirectory()
    let files = PosixFileSystem()
    try directory.write("bin/buildah", answer.script, mode: 0o755)
    let finder = EngineFinder(
      wanted: "buildah", remembered: directory / "engine", files: files, processes: PosixProcessRunner(),
      environment: ["PATH": "\(directory.path)/bin:/usr/bin:/bin", "BUILDAH_ISOLATION": "chroot"])
    let runner = DockerImageRunner(
      store: ImageLayout(root: directory / "store", files: files), engines: finder, files: files,
      temporary: directory / "tmp", network: "host", environment: ["TOKEN": "very-secret-value"])
    try directory.write("d/Dockerfile", "FROM scratch\n")
    var recipe = ImageRecipe(
      id: ArtifactID(kind: .docker, name: "x", tag: "1"),
      definition: DefinitionSource(path: "x", directory: directory / "d", origin: .repository),
      location: SourceLocation(file: "y"), reference: ImageReference(repository: "x"),
      dockerfile: DockerfileFacts(
        file: "f", text: Array("FROM scratch\n".utf8), instructions: [], uses: [],
        reach: .selected([])), platform: .host)
    recipe.secrets = [BuildSecret(id: "token", source: .environment("TOKEN"))]
    let inputs = StepInputs([])
    let job = StepJob(
      recipe: .image(recipe), inputs: inputs, fingerprint: inputs.fingerprint, files: [], upstreams: [:], bases: [:],
      mayUseCache: true)
    await #expect { _ = try await runner.run(job) { _ in } } throws: {
      let words = "\($0)"
      return words.contains("it was ***") && words.contains(answer.words) && !words.contains("very-secret-value")
    }
  }

  @Test func aFailingBuildSaysWhatFailedAndLeavesNothing() async throws {
    let lab = try await RealEngine()
    let recipe = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nRUN fail now\n")
    await #expect { _ = try await lab.runner("buildah").run(try lab.job(recipe)) { _ in } } throws: {
      "\($0)".contains("RUN fail now")
    }
    let engine = try await lab.finder("buildah").engine()
    #expect(try lab.files.entries(of: lab.directories.directory).isEmpty)
    #expect(try await engine.image(named: "cati/x:1") == nil)
  }

  @Test(arguments: [("echo fine", true), ("fail now", false)]) func theTestDecides(_ command: String, _ passes: Bool)
    async throws
  {
    let lab = try await RealEngine()
    var recipe = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nENTRYPOINT [\"/nothing\"]\n")
    recipe.test = ["/bin/sh", "-c", command]
    let result: Result<ArtifactOutput, any Error>
    let runner = lab.runner("buildah")
    do { result = .success(try await runner.run(try lab.job(recipe)) { _ in }) } catch {
      result = .failure(error)
    }
    if passes {
      #expect(throws: Never.self) { try result.get() }
    } else {
      #expect(throws: StepFailure.self) { try result.get() }
    }
    let blobs = try? lab.files.entries(of: lab.store.root / "blobs/sha256")
    #expect((blobs ?? []).isEmpty == !passes)
  }

  @Test func aPinnedBaseIsFetchedByItsDigestWhateverTheTagSays() async throws {
    guard RealRegistry.isInstalled else { return }
    let registry = try await RealRegistry()
    let pinned = try await registry.push("team/x:1")
    _ = try await registry.push("team/x:1", command: "moved")
    let lab = try await RealEngine()
    let name = "\(registry.name)/team/x:1"
    let recipe = try lab.define("x", "FROM \(name)\nCOPY sh /bin/sh\n")
    let job = try lab.job(recipe, bases: [name: PinnedBase(digest: pinned)])
    let output = try await lab.runner("buildah").run(job) { _ in }
    let config = String(decoding: try lab.store.contents(ofBlob: output.digest), as: UTF8.self)
    #expect(config.contains("team/x:1") && !config.contains("moved"))

    // An image that no registry knows is pinned as the engine has it.
    let engine = try await lab.finder("buildah").engine()
    let image = EngineImage(id: output.digest.description)
    try await engine.tag(image, config: output.digest, as: [try ImageReference("127.0.0.1:1/mine:1")])
    let resolver = RegistryBaseResolver(
      engines: lab.finder("buildah"), files: lab.files, processes: lab.processes, environment: lab.environment)
    let base = try await resolver.resolve(
      try ImageReference("127.0.0.1:1/mine:1"), platform: RealEngine.host, pinned: nil)
    #expect(base.pin == PinnedBase(digest: output.digest, isLocal: true))
  }

  @Test func aCancelledBuildLeavesNothing() async throws {
    let lab = try await RealEngine()
    let recipe = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nRUN sleep 60\n")
    let (runner, job) = (lab.runner("buildah"), try lab.job(recipe))
    let lines = CollectedLines()
    let task = Task { try await runner.run(job) { lines.add($0) } }
    while !lines.text.contains("RUN sleep 60") { try await Task.sleep(for: .milliseconds(20)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(try lab.files.entries(of: lab.directories.directory).isEmpty)
    #expect(try await lab.containers() == 0)
  }

  @Test func whatAKilledRunLeftIsRemovedAndNothingElse() async throws {
    let lab = try await RealEngine(token: "then")
    let recipe = try lab.define("x", "FROM scratch\nCOPY sh /bin/sh\nRUN sleep 30\n")
    let engine = try await lab.finder("buildah").engine()
    let left = lab.directories.newDirectory(.build)
    try await lab.leaveContainer(marked: left)
    try await lab.leaveContainer(marked: lab.directory / "elsewhere")
    try lab.files.createDirectory(left / "context")

    let later = RunDirectories(below: lab.directories.directory, token: "now")
    #expect(later.leftovers(lab.files) == [left])
    await engine.removeLeftovers(below: later.directory) { later.isCurrent($0) }
    #expect(try await lab.containers() == 1)
    _ = recipe
  }
}

extension RealEngine {
  func leaveContainer(marked mark: FilePath) async throws {
    let command = ["buildah", "from", "--cni-config-dir", mark.description, "scratch"]
    _ = try await processes.capture(ProcessCommand(command, environment: environment))
  }

  func containers() async throws -> Int {
    let result = try await processes.capture(ProcessCommand(["buildah", "containers", "-q"], environment: environment))
    return String(decoding: result.output, as: UTF8.self).split(separator: "\n").count
  }
}

/// A stand-in for buildah that builds the trial image and no other.
enum ProcessAnswer: Sendable {
  case fails, isKilled

  var words: String { self == .fails ? "error: it was" : "killed by signal 9" }

  var script: String {
    """
    #!/bin/sh
    case "$*" in
    --version) echo "buildah version 1.28.2 (image-spec 1.0.2)"; exit 0 ;;
    bud*secret*) echo "error: it was very-secret-value" >&2; \(self == .fails ? "exit 1" : "kill -9 $$") ;;
    bud*) echo sha256:\(Digest.sha256("trial").hex) > image-id ;;
    esac
    exit 0

    """
  }
}
