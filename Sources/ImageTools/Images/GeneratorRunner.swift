package import BuildEngine
internal import BuildRecords
package import ContentStore
package import HostSystem
package import ImageModel

/// Runs the commands of `generate:` blocks and keeps the files that they make.
package struct GeneratorRunner: StepRunner {
  private let store: ImageLayout
  private let files: any FileSystem
  private let processes: any ProcessRunner
  private let directories: RunDirectories
  private let environment: [String: String]

  package init(
    store: ImageLayout, files: any FileSystem, processes: any ProcessRunner, temporary: FilePath,
    environment: [String: String]
  ) {
    self.store = store
    self.files = files
    self.processes = processes
    directories = RunDirectories(below: temporary)
    self.environment = environment
  }

  package func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) throws -> ArtifactOutput? {
    guard let output = try store.output(for: fingerprint), store.conditionOfFile(output) == .intact else { return nil }
    return output
  }

  package var outputPlace: FilePath? { store.root }

  package func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition {
    store.conditionOfFile(output)
  }

  package func condition(
    of id: ArtifactID, _ output: ArtifactOutput, through files: any FileSystem
  ) -> OutputCondition? {
    ImageLayout(root: store.root, files: files).conditionOfFile(output)
  }

  package func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) throws {
    try store.remember(output, for: fingerprint)
  }

  package func adopt(
    _ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool
  ) async {}

  package func run(
    _ job: StepJob, log: @escaping @Sendable (String) -> Void
  ) async throws -> ArtifactOutput {
    guard case .generator(let recipe) = job.recipe else { throw StepFailure("\(job.recipe.id) is not a generator") }
    do {
      return try await directories.withNewDirectory(.generate, files) { try await make(recipe, $0, log) }
    } catch {
      throw error.inWords
    }
  }

  private func make(
    _ recipe: GeneratorRecipe, _ directory: FilePath, _ log: @escaping @Sendable (String) -> Void
  ) async throws -> ArtifactOutput {
    // Its own name: many programs choose a format by it.
    let output = directory / FilePath(recipe.output).name
    guard let path = output.text, let program = recipe.command.first else {
      throw StepFailure(
        "the command has no program, or the output's path is not UTF-8", at: recipe.location)
    }
    try await onBlockingThread { [files] in try files.createDirectory(directory) }
    let words = [program] + recipe.command.dropFirst().map { $0.replacing("{output}", with: path) }
    // A fixed time makes mmdebstrap, tar and their kin give the same bytes twice. Never the caller's: it is no input.
    var environment = environment
    environment["SOURCE_DATE_EPOCH"] = String(DockerImageRunner.defaultEpoch)
    let name = program.contains("/") ? (recipe.definition.directory / FilePath(program)).description : program
    let tool = EngineTool(program: name, environment: environment, processes: processes, files: files)
    do {
      try await tool.stream(Array(words.dropFirst()), directory: recipe.definition.directory, log: log)
    } catch let failure as Failure {
      throw StepFailure(
        "\(failure.message)", at: recipe.location, help: failure.help)
    }
    return try await keep(output, recipe)
  }

  private func keep(_ output: FilePath, _ recipe: GeneratorRecipe) async throws -> ArtifactOutput {
    try await onBlockingThread { [files, store] in
      guard let status = try files.statusIfPresent(of: output), status.kind == .regular else {
        throw StepFailure(
          "the command succeeded and did not make \(recipe.output)", at: recipe.location,
          help: "it must write the file that {output} stands for")
      }
      let (digest, size) = try store.put(fileFrom: try files.open(output))
      return ArtifactOutput(digest: digest, size: size)
    }
  }
}
