import BuildEngine
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

  private func selected(_ patterns: String..., excludes: [String] = []) -> ContextReach {
    .selected(patterns.map { ContextSelector(pattern: $0, excludes: excludes) })
  }

  @Test(arguments: ["COPY . /src", "ADD package.json /", "copy --chown=1 a b"])
  func anInstructionThatReadsTheContextIsRefusedAtTheFrom(_ instruction: String) throws {
    #expect {
      try OnBuildCheck(selected("a", "b")).check(["RUN true", instruction], of: use)
    } throws: {
      let failure = $0 as? StepFailure
      return failure?.message.contains("the base node:onbuild has ONBUILD \(instruction)") == true
        && failure?.location?.line == 3 && failure?.help?.contains("COPY . ") == true
    }
    #expect(throws: StepFailure.self) {
      try OnBuildCheck(selected(".", excludes: ["x"])).check([instruction], of: use)
    }
  }

  @Test func whatSeesEverythingOrNothingOfTheContextIsNot() throws {
    for reach in [ContextReach.whole(reason: "a variable"), selected("a", ".")] {
      try OnBuildCheck(reach).check(["COPY . /src"], of: use)
    }
    try OnBuildCheck(selected()).check(["RUN true", "COPY --from=other /a /b", "ENV COPY=1", ""], of: use)
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
    let whole = try lab.define("whole", "FROM example.invalid/base:1\nCOPY . /all\n", files: ["data": "one"])
    _ = try await runner.run(try lab.job(whole, bases: pins)) { _ in }
  }
}
