import BuildEngine
import BuildRecords
import ContentStore
import HostSystem
import ImageModel
import MachineTools
import TestSupport

/// A store on the real disk, and what makes VM images there.
final class MachineBench {
  let directory: FilePath
  let files = PosixFileSystem()
  let store: ImageLayout
  let runner: MachineRunner
  let log = Locked<[String]>([])

  init(_ directory: FilePath) {
    self.directory = directory
    store = ImageLayout(root: directory / "store", files: files)
    runner = MachineRunner(
      store: store, files: files, images: directory / "images", processes: PosixProcessRunner(),
      environment: ProcessEnvironment.current, fetch: { file, _ in throw Failure("\(file.text): no network in tests") }
    ) { 1_000_000_000 }
  }

  func recipe(_ name: String, base: MachineBase, _ steps: [MachineStep.Action] = []) throws -> MachineRecipe {
    let definition = DefinitionSource(path: "\(name)/1", directory: directory / "definition", origin: .repository)
    let location = SourceLocation(file: directory / "definition/casa_distro_vbox.yaml", line: 2)
    var hardware = MachineHardware()
    (hardware.memory, hardware.cpus, hardware.diskSize) = (2048, 2, 4 << 30)
    return MachineRecipe(
      id: ArtifactID(kind: .vbox, name: name, tag: "1"), definition: definition, location: location,
      reference: try ImageReference("cati/\(name):1"), base: base, steps: steps.map { MachineStep($0, at: location) },
      hardware: hardware)
  }

  func keys(of recipe: MachineRecipe, _ upstreams: [ArtifactID: ArtifactOutput] = [:]) throws -> MachineStepKeys {
    MachineStepKeys(of: recipe, try job(recipe, upstreams).inputs)
  }

  private func job(_ recipe: MachineRecipe, _ upstreams: [ArtifactID: ArtifactOutput]) throws -> StepJob {
    let reader = InputReader(files: files, programDirectories: [])
    let snapshot = try reader.snapshot(of: .machine(recipe), index: FileIndex())
    let digests = recipe.upstreams.map { (id: $0, output: upstreams[$0]?.digest) }
    let inputs = reader.inputs(
      of: .machine(recipe), snapshot: snapshot, bases: [], upstreams: digests, generation: 0)
    return StepJob(
      recipe: .machine(recipe), inputs: inputs, fingerprint: inputs.fingerprint, files: snapshot.files,
      upstreams: upstreams, bases: [:], mayUseCache: true)
  }

  /// Builds and adopts, as the engine of builds does.
  @discardableResult func build(
    _ recipe: MachineRecipe, _ upstreams: [ArtifactID: ArtifactOutput] = [:]
  ) async throws -> ArtifactOutput {
    let job = try job(recipe, upstreams)
    let log = log
    log.withLock { $0 = [] }
    let output = try await runner.run(job) { line in
      log.withLock { $0.append(line) }
      Soak.tell(line)
    }
    try runner.remember(output, of: recipe.id, for: job.fingerprint)
    try await runner.adopt(.machine(recipe), output, of: job.fingerprint, isFresh: true)
    return output
  }

  func file(_ recipe: MachineRecipe, _ format: MachineFormat) -> FilePath {
    directory / "images" / FilePath(recipe.fileName(format))
  }

  /// The lines that steps ran again left in the log.
  var stepsRun: [String] { log.withLock { $0.filter { $0.hasPrefix("step ") } } }
}
