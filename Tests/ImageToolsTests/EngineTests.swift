import BuildEngine
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

private let host = Platform(os: "linux", architecture: "amd64")
private let id = Digest.sha256("image")

private func recipe(_ instructions: [String], features: Set<String> = []) -> ImageRecipe {
  let located = instructions.enumerated().map { index, text in
    DockerfileInstruction(canonical: text, location: SourceLocation(file: "/d/Dockerfile", line: index + 1, column: 1))
  }
  return ImageRecipe(
    id: ArtifactID(kind: .docker, name: "x", tag: "1"),
    definition: DefinitionSource(path: "x/1", directory: "/d", origin: .repository),
    location: SourceLocation(file: "/d/casa_distro_docker.yaml", line: 3),
    reference: ImageReference(repository: "cati/x", tag: "1"),
    dockerfile: DockerfileFacts(
      file: "/d/Dockerfile", text: [], instructions: located, uses: [], reach: .selected([]), features: features),
    platform: host)
}

/// An engine's program that writes the id file and nothing else.
private func scripted(_ directory: TemporaryDirectory) -> ScriptedProcessRunner {
  ScriptedProcessRunner { call in
    if call.arguments.contains("--iidfile") { try directory.write("image-id", id.description) }
    return .prints("")
  }
}

@Suite struct EngineCommandTests {
  private func request(_ directory: TemporaryDirectory) throws -> BuildRequest {
    try directory.write("context/file", "1\n")
    try directory.write("Dockerfile", "FROM scratch\nCOPY . /\n")
    var request = BuildRequest(directory: directory.path)
    request.arguments = ["JOBS": "4", "PASSWORD": "hidden-value", "PATH": "/evil"]
    request.secrets = ["token": "secrets/0"]
    request.target = "runtime"
    return request
  }

  private func engines(_ runner: ScriptedProcessRunner) -> [any ContainerEngine] {
    [
      BuildahEngine(tool("/b/buildah", runner), version: "1.28.2", isolation: "chroot"),
      PodmanEngine(tool("/b/podman", runner), version: "4.3.1", isolation: nil),
    ]
      + [DockerEngine.Builder.buildx, .buildKit, .legacy].map { builder in
        DockerEngine(
          tool("/b/docker", runner, ["BUILDX_BUILDER": "mine"]), version: "20", builder: builder, context: "default",
          hasContainerdStore: false)
      }
  }

  private func tool(
    _ program: String, _ runner: ScriptedProcessRunner, _ variables: [String: String] = [:]
  ) -> EngineTool {
    EngineTool(
      program: program, environment: variables.merging(["PATH": "/bin"]) { first, _ in first }, processes: runner,
      files: PosixFileSystem())
  }

  @Test func noValueOfAnArgumentStandsInTheArgumentList() async throws {
    let directory = try TemporaryDirectory()
    let runner = scripted(directory)
    for engine in engines(runner) {
      runner.clearCalls()
      #expect(try await engine.build(try request(directory)) { _ in } == EngineImage(id: id.description))
      let call = try #require(runner.calls.first)
      #expect(!call.arguments.contains { $0.contains("hidden-value") })
      #expect(call.environment?["PASSWORD"] == "hidden-value")
      // An argument may not change where the engine finds its helpers.
      #expect(call.environment?["PATH"] == "/bin")
      #expect(call.arguments.contains("PATH=/evil"))
      #expect(call.directory == directory.path)
      #expect(
        !call.arguments.contains { $0.hasPrefix("/") && !$0.hasPrefix("/b/") && $0 != directory.path.description })
    }
  }

  @Test func everyEngineGetsWhatItNeeds() async throws {
    let directory = try TemporaryDirectory()
    let runner = scripted(directory)
    for engine in engines(runner) { _ = try await engine.build(try request(directory)) { _ in } }
    let lines = runner.commandLines
    for line in lines[0...1] {
      #expect(line.contains(["--format", "docker"]) && line.contains(["--network", "host"]))
      #expect(line.contains("--pull=never") && line.contains("--layers") && line.contains("--force-rm"))
    }
    #expect(lines[0].contains(["--isolation", "chroot"]) && !lines[1].contains("--isolation"))
    #expect(lines[2].contains("--provenance=false") && lines[2].contains(["--builder", "default"]))
    #expect(runner.calls[2].environment?["BUILDX_BUILDER"] == nil)
    #expect(runner.calls[3].environment?["DOCKER_BUILDKIT"] == "1")
    #expect(runner.calls[4].environment?["DOCKER_BUILDKIT"] == "0" && lines[4].contains("--force-rm"))
    #expect(lines[3].contains(["--file", "Dockerfile", "context"]))
    #expect(lines[4].contains(["--file", "coppice-dockerfile", "-"]) && !runner.calls[4].input.isEmpty)
    for line in lines { #expect(line.contains(["--target", "runtime"]) && !line.contains("--no-cache")) }
  }

  @Test func aDamagedLayerCacheIsPassedBy() async throws {
    let directory = try TemporaryDirectory()
    let runner = ScriptedProcessRunner { call in
      guard call.arguments.contains("--no-cache") else {
        return .fails(125, "Error: checking if cached image exists from a previous build: layer not known")
      }
      try directory.write("image-id", id.description)
      return .prints("")
    }
    let image = try await engines(runner)[0].build(BuildRequest(directory: directory.path)) { _ in }
    #expect(image.id == id.description)
    #expect(runner.calls.count == 2)
  }

  @Test func anEngineThatDiesIsQuotedWithItsLastWords() async throws {
    let directory = try TemporaryDirectory()
    let runner = ScriptedProcessRunner { _ in
      .init(.signaled(9), output: Array("STEP 1\nSTEP 2\n".utf8), errorOutput: Array("out of memory".utf8))
    }
    await #expect { _ = try await engines(runner)[0].build(BuildRequest(directory: directory.path)) { _ in } } throws: {
      let words = "\($0)"
      return words.contains("out of memory") && words.contains("killed by signal 9")
    }
  }

  @Test func whatFailedIsQuotedAlsoWhenOtherWordsComeBehindIt() async throws {
    let directory = try TemporaryDirectory()
    let runner = ScriptedProcessRunner { _ in
      .init(
        .exited(1), output: Array("The command '/bin/sh -c x' returned a non-zero code: 3\n".utf8),
        errorOutput: Array("Removing intermediate container d5b93fe5a2b0\n".utf8))
    }
    await #expect { _ = try await engines(runner)[0].build(BuildRequest(directory: directory.path)) { _ in } } throws: {
      "\($0)".contains("non-zero code: 3")
    }
  }

  @Test func anEngineThatSaysNoIDHasNotBuilt() async throws {
    let directory = try TemporaryDirectory()
    let runner = ScriptedProcessRunner { _ in .prints("fine") }
    await #expect(throws: Failure.self) {
      _ = try await engines(runner)[0].build(BuildRequest(directory: directory.path)) { _ in }
    }
  }

  @Test func anUpgradedStoreOfDockerIsAskedByExactName() async throws {
    let runner = ScriptedProcessRunner { call in
      call.arguments.last == ExactName.of(id) ? .prints("sha256:manifest\n") : .fails()
    }
    let engine = DockerEngine(
      tool("docker", runner), version: "29", builder: .buildx, context: "default", hasContainerdStore: true)
    #expect(try await engine.image(config: id)?.id == "sha256:manifest")
    #expect(!engine.hasConfigIDs)
  }
}

/// What `LayerCacheTests` measures, by its words; and what it cannot measure here.
@Suite struct CacheDoubtTests {
  @Test(arguments: [
    (["FROM a", "RUN --mount=type=bind,source=x,target=/y cmd"], true),
    (["FROM a", "RUN --mount=target=/y cmd"], true),
    (["FROM a", "RUN --network=none --mount=type=bind,target=/y cmd"], true),
    (["FROM a", "RUN --mount=type=$KIND,target=/y cmd"], true),
    (["FROM a", "RUN --mount=from=image:1,target=/y cmd"], false),
    (["FROM a AS Build", "FROM a", "RUN --mount=from=build,target=/y cmd"], true),
    (["FROM a", "FROM a", "RUN --mount=from=0,target=/y cmd"], true),
    (["FROM a", "RUN --mount=type=cache,target=/y cmd"], false),
    (["FROM a AS s", "FROM a", "RUN --mount=type=cache,from=s,target=/y cmd"], true),
    (["FROM a", "RUN --mount=type=secret,id=x cmd"], false),
    (["FROM a", "RUN echo --mount=type=bind"], false),
    (["FROM a", "ONBUILD RUN --mount=target=/y cmd"], false),
    (["FROM a AS s", "ONBUILD RUN --mount=target=/y cmd", "FROM s"], true),
    (["FROM a", "ARG X=1", "LABEL y=$X"], true),
    (["FROM a", "ARG X=1", "LABEL y=\\$X"], false),
    (["FROM a", "ARG X", "WORKDIR /a/${X:-b}"], true),
    (["FROM a", "ARG X", "ENV Y=$X"], true),
    (["FROM a", "ARG X", "ENV Y=$X", "RUN cmd"], false),
    (["FROM a", "ARG X", "RUN cmd", "LABEL y=$X"], false),
    (["FROM a", "RUN cmd", "ARG X", "LABEL y=$X"], true),
    (["FROM a AS s", "ARG X", "LABEL y=$X", "FROM s", "RUN cmd"], true),
    (["FROM a AS s", "ARG X", "FROM s", "LABEL y=$X"], true),
    (["FROM a AS s", "ARG X", "FROM a", "LABEL y=$X"], false),
    (["ARG X", "FROM a", "LABEL y=$X"], false),
    (["ARG X", "FROM a", "ARG X", "LABEL y=$X"], true),
    (["FROM a", "ARG X", "RUN echo $X"], false),
    (["FROM a", "ARG X", "COPY $X /y"], false),
    (["FROM a", "ARG X", "WORKDIR $HOME"], false),
    (["FROM a", "ENV X=1", "LABEL y=$X"], false),
  ]) func buildahsCacheIsDoubtedWhereItWasWrong(_ instructions: [String], _ isDoubted: Bool) {
    #expect((CacheDoubts.containers(FiredStages(recipe(instructions).dockerfile)) != nil) == isDoubted)
  }

  @Test func whatTriggersOfABaseDoIsDoubtedInItsChildren() throws {
    var recipe = recipe(["FROM a", "RUN cmd"])
    let line = recipe.dockerfile.instructions[0].location
    recipe.dockerfile.uses = [ImageUse(reference: try ImageReference("a"), role: .from, location: line, range: 5..<6)]
    func doubt(_ triggers: String...) -> String? {
      CacheDoubts.containers(FiredStages(recipe.dockerfile, triggers: ["docker.io/library/a:latest": triggers]))
    }
    #expect(doubt() == nil && doubt("COPY . /src", "RUN cmd") == nil)
    #expect(doubt("RUN --mount=target=/y cmd") != nil)
    // An image that a trigger names stands in the key by its tag.
    #expect(doubt("RUN --mount=from=image:1,target=/y cmd") != nil)
  }

  @Test func ownersAreDoubtedBeforeDocker24() {
    for (instructions, isDoubted) in [
      (["FROM a AS s", "FROM a", "COPY --from=s /x /y"], true),
      (["FROM a AS s", "FROM a", "COPY --from=s --chown=1 /x /y"], false),
      (["FROM a", "COPY x /y"], false), (["FROM a", "RUN --mount=from=image:1,target=/y cmd"], true),
      (["FROM a", "RUN --mount=target=/y cmd"], false),
    ] {
      let stages = FiredStages(recipe(instructions).dockerfile)
      #expect((CacheDoubts.buildKit(stages, dockerVersion: "20.10.24+dfsg1") != nil) == isDoubted)
      #expect((CacheDoubts.buildKit(stages, dockerVersion: "23.0.1") != nil) == isDoubted)
      #expect(CacheDoubts.buildKit(stages, dockerVersion: "24.0.0") == nil)
      #expect(CacheDoubts.buildKit(stages, dockerVersion: "28.2.2") == nil)
    }
  }

  @Test func argumentsThatNoCacheSeesAreDoubtedEverywhere() {
    var recipe = recipe(["FROM a"])
    #expect(CacheDoubts.proxies(recipe) == nil)
    recipe.buildArguments = ["http_proxy": "x"]
    #expect(CacheDoubts.proxies(recipe) != nil)
  }

  @Test func secretsAreNoReasonToBuildAgain() {
    var recipe = recipe(["FROM a", "RUN --mount=type=secret,id=t cmd"])
    recipe.secrets = [BuildSecret(id: "t", source: .environment("T"))]
    let stages = FiredStages(recipe.dockerfile)
    #expect(CacheDoubts.containers(stages) == nil && CacheDoubts.buildKit(stages, dockerVersion: "20") == nil)
  }
}

@Suite struct UnsupportedFeatureTests {
  @Test func theLineAndTheWayOutAreNamed() throws {
    let heredoc = recipe(["FROM a", "RUN <<EOF\nls\nEOF"], features: ["heredoc"])
    let refusal = try #require(UnsupportedFeatures.containers("buildah", "1.28.2").refusal(of: heredoc))
    #expect(refusal.message == "/d/Dockerfile:2:1: buildah 1.28.2 does not know heredocs (<<EOF)")
    #expect(refusal.help?.contains("--engine docker") == true)
    #expect(UnsupportedFeatures.containers("buildah", "1.33.0").refusal(of: heredoc) == nil)
    #expect(UnsupportedFeatures.containers("podman", "5.0.1").refusal(of: heredoc) == nil)
  }

  @Test func theLegacyBuilderKnowsNeitherMountsNorSecretsNorTimes() {
    let mount = recipe(["FROM a", "RUN --mount=type=cache,target=/x ls"], features: ["mount-cache"])
    #expect(UnsupportedFeatures.legacyDocker.refusal(of: mount)?.message.hasPrefix("/d/Dockerfile:2") == true)
    #expect(UnsupportedFeatures.containers("buildah", "1.28").refusal(of: mount) == nil)
    var other = recipe(["FROM a"])
    #expect(UnsupportedFeatures.legacyDocker.refusal(of: other) == nil)
    other.isReproducible = true
    #expect(UnsupportedFeatures.legacyDocker.refusal(of: other) != nil)
    other.isReproducible = false
    other.secrets = [BuildSecret(id: "t", source: .environment("T"))]
    #expect(UnsupportedFeatures.legacyDocker.refusal(of: other) != nil)
  }
}

extension [String] {
  fileprivate func contains(_ pair: [String]) -> Bool {
    indices.contains { Array(self[$0...].prefix(pair.count)) == pair }
  }
}
