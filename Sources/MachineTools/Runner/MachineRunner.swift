package import BuildEngine
internal import BuildRecords
package import ContentStore
package import HostSystem
package import ImageModel

/// Makes VM images: the base once, each step on a disk of its own that lies on the one before, then the files that people use.
///
/// Disks between steps lie in the store by the keys of the steps, so that after a change only what follows it is done again.
package struct MachineRunner: StepRunner {
  let store: ImageLayout
  let files: any FileSystem
  let processes: any ProcessRunner
  let environment: [String: String]
  /// Where VM images have names.
  let images: FilePath
  /// Gives a file that a definition names by a URL, verified.
  let fetch: @Sendable (MachineFile, @escaping @Sendable (String) -> Void) async throws -> FilePath
  private let time: @Sendable () -> Int

  /// - Parameters:
  ///   - environment: where programs and passwords are found.
  ///   - time: seconds since 1970.
  package init(
    store: ImageLayout, files: any FileSystem, images: FilePath, processes: any ProcessRunner,
    environment: [String: String],
    fetch: @escaping @Sendable (MachineFile, @escaping @Sendable (String) -> Void) async throws -> FilePath,
    time: @escaping @Sendable () -> Int
  ) {
    (self.store, self.files, self.images, self.processes) = (store, files, images, processes)
    (self.environment, self.fetch, self.time) = (environment, fetch, time)
  }

  package func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) throws -> ArtifactOutput? {
    guard let output = try store.output(for: fingerprint), try store.machine(for: output) != nil else { return nil }
    return output
  }

  package func isStored(_ output: ArtifactOutput, of id: ArtifactID) -> Bool {
    ((try? store.machine(for: output)) ?? nil) != nil
  }

  package var outputPlace: FilePath? { FilePath(bytes: store.root.bytes + [0] + images.bytes) }

  package func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition {
    condition(of: id, output, store, files)
  }

  package func condition(
    of id: ArtifactID, _ output: ArtifactOutput, through files: any FileSystem
  ) -> OutputCondition? {
    condition(of: id, output, ImageLayout(root: store.root, files: files), files)
  }

  private func condition(
    of id: ArtifactID, _ output: ArtifactOutput, _ store: ImageLayout, _ files: any FileSystem
  ) -> OutputCondition {
    do {
      guard let machine = try store.machine(for: output) else {
        let stored = store.conditionOfFile(output)
        return stored == .intact ? .missing("it is not known what else belongs to \(id)") : stored
      }
      for file in machine.files {
        let path = images / FilePath(MachineRecipe.fileName(of: id, file.format))
        guard let status = try files.statusIfPresent(of: path) else { return .missing("\(path) is not there") }
        guard status.kind == .regular, status.size == file.size else {
          return .damaged("\(path) is not what was written there")
        }
      }
      return .intact
    } catch {
      return .damaged("\(error)")
    }
  }

  package func refusal(of recipe: Recipe) async -> StepFailure? {
    guard case .machine(let machine) = recipe else { return nil }
    if case .installer(let installer) = machine.base {
      return StepFailure(
        "a base from an installer's medium cannot be made yet", at: installer.medium.location,
        help: "take `system:`, which needs no medium, or a disk that was installed by hand as `base:`")
    }
    for (name, package) in [DiskTool.program, Guest.program] {
      let program = HostProgram(name: name, package: package, environment: environment, processes: processes)
      do {
        try await program.run(["--version"])
      } catch let failure as Failure {
        return StepFailure(failure.message, at: machine.location, help: failure.help)
      } catch {
        return StepFailure("\(error)", at: machine.location)
      }
    }
    return nil
  }

  package func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) throws {
    try store.remember(output, for: fingerprint)
  }

  package func adopt(
    _ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool
  ) async throws {
    guard case .machine(let recipe) = recipe else { return }
    do {
      try await onBlockingThread { [self] in
        guard let machine = try store.machine(for: output) else {
          throw Failure("\(recipe.id) is not in the content store", help: "build it again")
        }
        try files.createDirectory(images)
        for file in machine.files {
          let path = images / FilePath(MachineRecipe.fileName(of: recipe.id, file.format))
          let sidecar = MachineSidecar(recipe, file, machine.content, fingerprint)
          try sidecar.write(beside: path, files, time: time())
          try store.show(ArtifactOutput(digest: file.digest, size: file.size), at: path, mode: 0o644)
        }
      }
    } catch {
      throw error.inWords
    }
  }

  package func run(
    _ job: StepJob, log: @escaping @Sendable (String) -> Void
  ) async throws -> ArtifactOutput {
    guard case .machine(let recipe) = job.recipe else { throw StepFailure("\(job.recipe.id) is no VM image") }
    let directory = try await onBlockingThread { [self] in
      let file = try store.newFile()
      // Beside other things being written: what a killed run leaves there goes with them.
      try files.createDirectory(file)
      try files.setMode(0o700, of: file)
      return file
    }
    let result: Result<ArtifactOutput, any Error>
    do {
      let build = MachineBuild(runner: self, recipe: recipe, job: job, directory: directory, log: log)
      result = .success(try await build.run())
    } catch {
      result = .failure(error)
    }
    try? await onBlockingThread { [files] in try files.removeTree(directory) }
    do {
      return try result.get()
    } catch let failure as Failure {
      throw StepFailure(failure.message, at: failure.location ?? recipe.location, help: failure.help)
    } catch {
      throw error.inWords
    }
  }
}
