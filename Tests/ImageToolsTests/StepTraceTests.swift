import BuildEngine
import DockerfileText
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

@Suite struct StepTraceTests {
  private static let dockerfile = """
    # what it is for
    FROM scratch AS first
    COPY sh /bin/sh
    RUN make \\
      all
    FROM scratch
    COPY sh /bin/sh
    ENV A=1
    RUN make all
    COPY --from=first /x /y
    """

  private func line(_ lines: String..., target: String? = nil) -> Int? {
    let facts = DockerfileReader.read(
      Array(Self.dockerfile.utf8), file: "/d/Dockerfile", buildArguments: [:], target: target,
      platform: Platform(os: "linux", architecture: "amd64"))
    let trace = StepTrace()
    for line in lines { trace.add(line) }
    return trace.instruction(in: facts)?.location.line
  }

  @Test func theLastAnnouncedStepIsTheOne() {
    #expect(line() == nil)
    #expect(line("[1/2] STEP 1/3: FROM scratch AS first", "[1/2] STEP 3/3: RUN make   all", "make: no rule") == 4)
    #expect(line("[1/2] STEP 3/3: RUN make all", "[2/2] STEP 1/5: FROM scratch", "[2/2] STEP 4/5: RUN make all") == 9)
    #expect(line("[2/2] STEP 5/5: COPY --from=sha256:abc /x /y") == 10)
    #expect(line("STEP 3/3: RUN make all", target: "first") == 4)
    #expect(line("Step 3/8 : RUN make     all") == 4)
    #expect(line("Step 7/8 : RUN make all") == 9)
    #expect(line("[1/2] STEP 3/3: RUN something else") == nil)
  }

  @Test func buildKitNamesTheStepThatFailed() {
    #expect(line("#7 [stage-1 2/4] COPY sh /bin/sh", "------", " > [first 3/3] RUN make       all:", "------") == 4)
    #expect(line(" > [stage-1 3/4] RUN make all:") == 9)
    #expect(line(" > [stage-1 4/4] COPY --from=first /x /y:") == 10)
    #expect(line("Dockerfile:4", "--------------------", "   3 |     COPY sh /bin/sh", "   4 | >>> RUN make \\") == 4)
    // What a command prints about lines is no step.
    #expect(line("main.c:7 | int x", "Steps 1/2 : RUN make all", "STEP one: RUN make all") == nil)
  }

  @Test func theWordsOfAFailureNameTheInstructionAndTheCode() throws {
    let facts = DockerfileReader.read(
      Array(Self.dockerfile.utf8), file: "/d/Dockerfile", buildArguments: [:], target: nil,
      platform: Platform(os: "linux", architecture: "amd64"))
    let trace = StepTrace()
    trace.add("[2/2] STEP 4/5: RUN make all")
    let failure = trace.failure(
      Failure("buildah bud: Error: building at STEP \"RUN make all\": exit status 2"), in: facts)
    #expect(failure.message == "RUN make all failed with exit code 2")
    #expect(failure.location?.description == "/d/Dockerfile:9:1")
    let other = trace.failure(Failure("no space left on device", help: "free some"), in: facts)
    #expect(other.message == "no space left on device" && other.help == "free some" && other.location?.line == 9)
  }

  /// The engines themselves; docker's daemon is asked in `OtherEngineTests`, one test after the other.
  @Test(
    .enabled(if: Installed.compiler != nil), arguments: ["buildah", "podman"].filter { Installed.path($0) != nil })
  func aFailingInstructionIsToldWithItsLine(_ name: String) async throws {
    try await Self.failingInstruction(name, try await RealEngine())
  }

  static func failingInstruction(_ name: String, _ lab: RealEngine) async throws {
    let recipe = try lab.define(
      "x",
      """
      FROM scratch AS one
      COPY sh /bin/sh
      RUN cp /bin/sh /data

      FROM scratch
      COPY sh /bin/sh
      COPY --from=one /data /copy
      # fails
      RUN  cp /bin/sh \\
           /data
      RUN fail now
      """)
    await #expect {
      _ = try await lab.runner(name).run(try lab.job(recipe)) { _ in }
    } throws: {
      let failure = $0 as? Failure
      return failure?.location?.description.hasSuffix("/Dockerfile:11:1") == true
        && failure?.message.contains("RUN fail now failed with exit code 3") == true
    }
  }
}
