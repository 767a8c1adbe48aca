import BuildEngine
import BuildRecords
import ContentStore
import DockerfileText
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

@Suite struct OnBuildTests {
  private let use: ImageUse

  init() throws {
    use = ImageUse(
      reference: try ImageReference("node:onbuild"), role: .from,
      location: SourceLocation(file: "/d/Dockerfile", line: 3),
      range: 5..<17)
  }

  private func selected(_ patterns: String..., excludes: [String] = []) -> OnBuildCheck {
    check(.selected(patterns.map { ContextSelector(pattern: $0, excludes: excludes) }))
  }

  private func check(_ reach: ContextReach) -> OnBuildCheck {
    let stages = ["FROM a AS build", "FROM node:onbuild"].enumerated().map { index, text in
      DockerfileInstruction(canonical: text, location: SourceLocation(file: "/d/Dockerfile", line: index + 1))
    }
    var facts = DockerfileFacts(file: "/d/Dockerfile", text: [], instructions: stages, uses: [], reach: reach)
    // Another one stands between them in the file, and nothing needs it.
    facts.stages = [true, false, true].map { DockerfileStage(name: nil, location: stages[0].location, isNeeded: $0) }
    return OnBuildCheck(facts)
  }

  @Test(arguments: [
    "COPY . /src", "ADD package.json /", "copy --chown=1 a b", "RUN --mount=target=/x true",
  ])
  func anInstructionThatReadsTheContextIsRefusedAtTheFrom(_ instruction: String) throws {
    #expect {
      try selected("a", "b").checkReach(["RUN true", instruction], of: use)
    } throws: {
      let failure = $0 as? StepFailure
      return failure?.message.contains("the base node:onbuild has ONBUILD \(instruction)") == true
        && failure?.location?.line == 3 && failure?.help?.contains("COPY . ") == true
    }
    #expect(throws: StepFailure.self) { try selected(".", excludes: ["x"]).checkReach([instruction], of: use) }
  }

  @Test func whatSeesEverythingOrNothingOfTheContextIsNot() throws {
    for check in [check(.whole(reason: "a variable")), selected("a", ".")] {
      try check.checkReach(["COPY . /src"], of: use)
    }
    try selected().checkReach(["RUN true", "COPY --from=other /a /b", "ENV COPY=1", ""], of: use)
    try selected().checkReach(["RUN --mount=type=cache,target=/c true", "RUN --mount=from=x,target=/c true"], of: use)
  }

  @Test(arguments: [
    "COPY --from=nginx /a /b", "RUN --mount=type=bind,from=nginx:1,target=/a true", "COPY --from=1 /a /b",
    "COPY --from=7 /a /b",
  ])
  func anImageThatATriggerTakesByItsTagOrFromAnUnneededStageIsRefused(_ instruction: String) {
    #expect(throws: StepFailure.self) { try selected().checkImages(["RUN true", instruction], of: use) }
  }

  @Test func anArgumentThatOnlyAnUnknownTriggerTakesIsRefused() throws {
    var recipe = ImageRecipe(
      id: ArtifactID(kind: .docker, name: "x", tag: "1"),
      definition: DefinitionSource(path: "x", directory: "/d", origin: .repository),
      location: SourceLocation(file: "/d/casa_distro_docker.yaml"),
      reference: ImageReference(repository: "x", tag: "1"),
      dockerfile: DockerfileReader.read(
        Array("ARG GLOBAL=1\nFROM node:onbuild\nARG OWN\n".utf8), file: "/d/Dockerfile", buildArguments: [:],
        target: nil, platform: RealEngine.host), platform: RealEngine.host)
    recipe.buildArguments = ["GIVEN": "1", "OWN": "1"]
    for trigger in ["ARG GIVEN", "arg X=1 GIVEN=2", "ARG GLOBAL"] {
      #expect(throws: StepFailure.self, "\(trigger)") {
        try selected().checkArguments(["RUN true", trigger], of: use, recipe)
      }
    }
    try selected().checkArguments(["ARG OWN", "ARG OTHER=1", "ENV GIVEN=1", "ARG"], of: use, recipe)
  }

  @Test func stagesAndDigestsCannotMove() throws {
    let digest = Digest.sha256("x")
    try selected().checkImages(
      ["COPY --from=Build /a /b", "COPY --from=0 /a /b", "COPY --from=a@\(digest) /a /b", "COPY a b"], of: use)
  }

  @Test(arguments: ["buildah", "podman"]) func enginesTellTheInstructions(_ name: String) async throws {
    guard Installed.path(name) != nil, Installed.compiler != nil else { return }
    let lab = try await RealEngine()
    let runner = lab.runner(name)
    let base = try lab.define(
      "base", "FROM scratch\nCOPY sh /bin/sh\nONBUILD COPY . /src\nONBUILD ENV A=1\n")
    let plain = try lab.define("plain", "FROM scratch\nCOPY sh /bin/sh\n")
    let outputs = [
      try await runner.run(try lab.job(base)) { _ in }, try await runner.run(try lab.job(plain)) { _ in },
    ]
    let engine = try await lab.finder(name).engine()
    var images: [EngineImage] = []
    for output in outputs { images.append(try #require(try await engine.image(config: output.digest))) }
    #expect(try await engine.onBuild(of: images[0]) == ["COPY . /src", "ENV A=1"])
    #expect(try await engine.onBuild(of: images[1]) == [])

    // As a base that no tree defines.
    let top = try lab.define("top", "FROM example.invalid/base:1\nCOPY data /data\n", files: ["data": "one"])
    let pins = ["example.invalid/base:1": PinnedBase(digest: outputs[0].digest, isLocal: true)]
    await #expect { _ = try await runner.run(try lab.job(top, bases: pins)) { _ in } } throws: {
      ($0 as? StepFailure)?.message.contains("ONBUILD COPY . /src") == true
    }
    // Recorded with the pin they are no surprise: the reach was chosen with them.
    let known = [
      "example.invalid/base:1": PinnedBase(
        digest: outputs[0].digest, isLocal: true, onBuild: ["COPY . /src", "ENV A=1"])
    ]
    let wide = BaseReading.recipe(
      top,
      with: known.mapValues { BaseConfig(triggers: $0.onBuild, environment: ImageEnvironment(root: .unknown)) })
    let output = try await runner.run(try lab.job(wide, bases: known)) { _ in }
    let paths = try lab.store.differences(between: outputs[0].digest, and: output.digest).map(\.path)
    #expect(Set(paths).isSuperset(of: ["/src/data", "/src/sh", "/data"]))
    let whole = try lab.define("whole", "FROM example.invalid/base:1\nCOPY . /all\n", files: ["data": "one"])
    _ = try await runner.run(try lab.job(whole, bases: pins)) { _ in }
  }
}
