internal import DockerfileText
package import ImageModel

/// Which files a build takes, where the images that `FROM` names have a say: by their `ONBUILD` instructions, and by
/// their variables.
package enum BaseReading {
  /// The recipe, with the reach of its Dockerfile as it will run: the triggers of each base right behind its `FROM`.
  /// - Parameter bases: by canonical reference; what was known of others still is.
  package static func recipe(_ image: ImageRecipe, with bases: [String: BaseConfig]) -> ImageRecipe {
    var read = image
    read.bases.merge(bases) { $1 }
    let running = RunningDockerfile(image.dockerfile, with: read.bases)
    if let trigger = running.inexactTrigger {
      read.dockerfile.reach = .whole(reason: "nobody knows how ONBUILD \(trigger) is read")
      read.dockerfile.countEverything()
      return read
    }
    let run = DockerfileReader.read(
      running.text, file: image.dockerfile.file, buildArguments: image.buildArguments, target: image.target,
      platform: image.platform, environments: read.bases.mapValues(\.environment))
    read.dockerfile.reach = run.reach
    read.dockerfile.askedVariables = run.askedVariables
    read.dockerfile.environment = run.environment
    read.dockerfile.sources = run.sources.map { source in
      var own = source
      own.location = running.origin(of: source.location)
      if running.base(at: source.location) != nil { own.instruction = "ONBUILD \(source.instruction)" }
      return own
    }
    read.dockerfile.diagnostics.removeAll { $0.severity == .note }
    read.dockerfile.diagnostics += run.diagnostics.filter { $0.severity == .note }.map { note in
      var own = note
      own.location = note.location.map(running.origin)
      if note.location.flatMap(running.base) != nil { own.sourceLine = nil }
      return own
    }
    read.baseFaults = faults(of: run, running, image.dockerfile)
    count(&read.dockerfile, as: run, running.triggers)
    return read
  }

  /// A stage that only a trigger needs has instructions that nothing here counts, and images that are no upstreams.
  private static func faults(
    of run: DockerfileFacts, _ running: RunningDockerfile, _ facts: DockerfileFacts
  ) -> [Diagnostic] {
    zip(run.stages, facts.stages).compactMap { stage, own in
      guard stage.isNeeded, !own.isNeeded, let base = running.firstBase else { return nil }
      let name = stage.name.map { "'\($0)'" } ?? "of line \(own.location.line)"
      return Diagnostic(
        .error, "ONBUILD of \(base.reference) takes from the stage \(name), which nothing else needs",
        at: base.location, help: "take something from that stage in this Dockerfile too: `COPY --from`")
    }
  }

  /// A trigger may be an ARG, which takes build arguments and what stands before the first `FROM`, and may name a stage.
  private static func count(_ facts: inout DockerfileFacts, as run: DockerfileFacts, _ triggers: [String]) {
    if triggers.isEmpty { return }
    if triggers.contains(where: { $0.contains("from=") || $0.contains("TARGETSTAGE") }) { facts.countEverything() }
    facts.takenArguments = run.takenArguments
    let isBefore = { (instruction: DockerfileInstruction) in !instruction.canonical.hasPrefix("FROM") }
    for (index, instruction) in run.instructions.prefix(while: isBefore).enumerated()
    where index < facts.instructions.count && instruction.counted != nil {
      facts.instructions[index].counted = instruction.counted
    }
  }
}
