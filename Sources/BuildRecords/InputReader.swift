package import HostSystem
package import ImageModel

/// Says what a step is made of: everything but the outputs of other steps, which the caller knows.
package struct InputReader: Sendable {
  package let files: any FileSystem
  /// Where programs of generators are looked up.
  let programDirectories: [FilePath]
  /// SOURCE_DATE_EPOCH, which is what reproducible images show for every time.
  let sourceDateEpoch: String?
  let sifBuilder: SIFBuilder

  package init(
    files: any FileSystem, programDirectories: [FilePath], sourceDateEpoch: String? = nil,
    sifBuilder: SIFBuilder = .coppice
  ) {
    self.files = files
    self.programDirectories = programDirectories
    self.sourceDateEpoch = sourceDateEpoch
    self.sifBuilder = sifBuilder
  }

  /// Changes when coppice itself makes another image from the same inputs.
  static let imageVersion = "1"
  static let generatorVersion = "1"

  /// Looks at the files of a step.
  /// - Throws: `Failure` when they change while they are read.
  package func snapshot(of recipe: Recipe, index: FileIndex) throws -> ContextSnapshot {
    switch recipe {
    case .image(let image): try ContextReader(files: files, index: index).read(image)
    case .generator(let generator):
      try GeneratorFiles(files: files, index: index, programDirectories: programDirectories).read(generator)
    case .conversion: ContextSnapshot()
    case .machine(let machine): try MachineSources(files: files, index: index).read(machine)
    }
  }

  /// The complete list.
  /// - Parameters:
  ///   - bases: by canonical reference; a missing one counts as not pinned.
  ///   - upstreams: the outputs of the steps that it uses; a missing one counts as not built.
  package func inputs(
    of recipe: Recipe, snapshot: ContextSnapshot, bases: [(reference: ImageReference, pin: PinnedBase?)],
    upstreams: [(id: ArtifactID, output: Digest?)], generation: Int
  ) -> StepInputs {
    StepInputs(
      snapshot.files.map(\.input) + others(of: recipe, bases: bases, upstreams: upstreams, generation: generation))
  }

  /// As the complete list, of which only the digest of the files is known.
  package func inputs(
    of recipe: Recipe, listDigest: Digest?, bases: [(reference: ImageReference, pin: PinnedBase?)],
    upstreams: [(id: ArtifactID, output: Digest?)], generation: Int
  ) -> StepInputs {
    StepInputs(
      others(of: recipe, bases: bases, upstreams: upstreams, generation: generation), contextDigest: listDigest)
  }

  private func others(
    of recipe: Recipe, bases: [(reference: ImageReference, pin: PinnedBase?)],
    upstreams: [(id: ArtifactID, output: Digest?)], generation: Int
  ) -> [StepInput] {
    var inputs: [StepInput] = []
    func add(_ name: String, _ value: String) { inputs.append(StepInput(.recipe, name, value)) }
    if generation > 0 { add("generation", String(generation)) }
    switch recipe {
    case .image(let image):
      add("kind", "docker \(Self.imageVersion)")
      add("platform", image.platform.description)
      if let target = image.target, image.dockerfile.countsTarget { add("target", target) }
      if let test = image.test { add("test", Self.list(test)) }
      if image.isReproducible { add("reproducible", sourceDateEpoch.map { "at \($0)" } ?? "true") }
      inputs += Self.shownInstructions(of: image).map { StepInput(.dockerfile, "", $0) }
      inputs += image.buildArguments.filter { image.dockerfile.takes($0.key) }.map {
        StepInput(.argument, $0, Self.shown($1, of: $0))
      }
    case .generator(let generator):
      add("kind", "generate \(Self.generatorVersion)")
      add("command", Self.list(generator.command))
    case .conversion(let conversion):
      add("kind", "sif by \(sifBuilder.writer)")
      add("compression", conversion.singularity.compression.rawValue)
      if let level = conversion.singularity.level { add("level", String(level)) }
      if let sourceDateEpoch { add("SOURCE_DATE_EPOCH", sourceDateEpoch) }
    case .machine(let machine): inputs += MachineInputs.inputs(of: machine)
    }
    inputs += bases.map { StepInput(.base, $0.canonical, $1?.digest.description ?? "unpinned") }
    inputs += upstreams.map { StepInput(.upstream, $0.description, $1?.description ?? "not built") }
    return inputs
  }

  /// Values that look like secrets enter lists, which may be published, as digests only.
  static func shown(_ value: String, of name: String) -> String {
    SecretSign.mayBeVariable(name) ? "digest of value \(Digest.sha256(value))" : value
  }

  /// What counts of the Dockerfile, in its order, without the values of its template's parameters that look like secrets.
  static func shownInstructions(of image: ImageRecipe) -> [String] {
    let texts = image.dockerfile.counted.map(\.text)
    let parameters = image.templates["Dockerfile"]?.parameters ?? [:]
    let secrets = parameters.filter { SecretSign.mayBeVariable($0.key) && !$0.value.value.isEmpty }
    if secrets.isEmpty { return texts }
    var shown = texts
    // One value may be a part of another.
    for (name, parameter) in secrets.sorted(by: {
      ($1.value.value.utf8.count, $1.key) < ($0.value.value.utf8.count, $0.key)
    }) {
      let value = parameter.value
      // It may stand there in other words: made of other parameters, or quoted.
      guard texts.contains(where: { $0.contains(value) }) else { return texts.map { "digest of \(Digest.sha256($0))" } }
      shown = shown.map { $0.replacing(value, with: Self.shown(value, of: name)) }
    }
    return shown
  }

  /// Words joined so that no two lists look alike.
  static func list(_ words: [String]) -> String {
    words.map { "\($0.utf8.count):\($0)" }.joined(separator: " ")
  }
}
