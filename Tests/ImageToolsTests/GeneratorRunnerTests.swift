import BuildEngine
import BuildRecords
import ContentStore
import HostSystem
import ImageModel
import ImageTools
import TestSupport
import Testing

@Suite struct GeneratorRunnerTests {
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()
  private let runner: GeneratorRunner
  private let store: ImageLayout

  init() throws {
    directory = try TemporaryDirectory()
    store = ImageLayout(root: directory / "store", files: files)
    try directory.write("d/input", "in\n")
    runner = GeneratorRunner(
      store: store, files: files, processes: PosixProcessRunner(), temporary: directory / ".coppice/tmp",
      environment: ["PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "77"])
  }

  private func job(_ command: [String]) -> StepJob {
    let recipe = GeneratorRecipe(
      id: ArtifactID(kind: .generate, name: "x/1", tag: "root.tar"),
      definition: DefinitionSource(path: "x/1", directory: directory / "d", origin: .repository),
      location: SourceLocation(file: "/d/casa_distro_docker.yaml", line: 9), output: "sub/root.tar", command: command,
      inputs: [])
    let inputs = StepInputs([])
    return StepJob(
      recipe: .generator(recipe), inputs: inputs, fingerprint: inputs.fingerprint, files: [], upstreams: [:],
      bases: [:], mayUseCache: true)
  }

  @Test func theCommandRunsInTheDefinitionAndItsFileIsKept() async throws {
    let job = job(["cp", "input", "{output}"])
    let output = try await runner.run(job) { _ in }
    #expect(output == ArtifactOutput(digest: Digest.sha256("in\n"), size: 3))
    #expect(runner.condition(of: job.recipe.id, output) == .intact)
    #expect(try files.entries(of: directory / ".coppice/tmp").isEmpty)
    try runner.remember(output, of: job.recipe.id, for: job.fingerprint)
    #expect(try runner.storedOutput(of: job.recipe.id, for: job.fingerprint) == output)
    try files.remove(store.path(ofBlob: output.digest))
    #expect(try runner.storedOutput(of: job.recipe.id, for: job.fingerprint) == nil)
  }

  @Test func theTimeIsFixed() async throws {
    let lines = CollectedLines()
    _ = try? await runner.run(job(["env"])) { lines.add($0) }
    #expect(lines.all.contains("SOURCE_DATE_EPOCH=315532800"))
  }

  @Test(arguments: [
    (["false"], "false: exit status 1"), (["true"], "did not make sub/root.tar"),
    (["no-such-program", "{output}"], "no such program"), (["mkdir", "{output}"], "did not make"),
    (["ln", "-s", "/etc/passwd", "{output}"], "did not make"),
  ]) func everyFailureIsSaidAndNothingIsKept(_ command: [String], _ words: String) async throws {
    await #expect { _ = try await runner.run(job(command)) { _ in } } throws: {
      ($0 as? StepFailure)?.message.contains(words) == true
    }
    #expect(try files.entries(of: directory / ".coppice/tmp").isEmpty)
  }

  @Test func aCancelledGeneratorLeavesNothing() async throws {
    let task = Task { try await runner.run(job(["sleep", "60"])) { _ in } }
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(try files.entries(of: directory / ".coppice/tmp").isEmpty)
  }
}
