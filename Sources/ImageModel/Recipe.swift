/// How one artifact is made, as its definition says it; everything but files' contents and digests of other images.
package enum Recipe: Sendable {
  /// Large, and handed on by everyone.
  indirect case image(ImageRecipe)
  case generator(GeneratorRecipe)
  case conversion(ConversionRecipe)
  indirect case machine(MachineRecipe)

  package var id: ArtifactID {
    switch self {
    case .image(let recipe): recipe.id
    case .generator(let recipe): recipe.id
    case .conversion(let recipe): recipe.id
    case .machine(let recipe): recipe.id
    }
  }

  package var definition: DefinitionSource {
    switch self {
    case .image(let recipe): recipe.definition
    case .generator(let recipe): recipe.definition
    case .conversion(let recipe): recipe.definition
    case .machine(let recipe): recipe.definition
    }
  }

  package var location: SourceLocation {
    switch self {
    case .image(let recipe): recipe.location
    case .generator(let recipe): recipe.location
    case .conversion(let recipe): recipe.location
    case .machine(let recipe): recipe.location
    }
  }

  /// How old its output may become; nil for any age.
  package var maxAge: Duration? {
    switch self {
    case .image(let recipe): recipe.maxAge
    case .machine(let recipe): recipe.maxAge
    case .generator, .conversion: nil
    }
  }
}

/// Where a definition comes from.
package struct DefinitionSource: Hashable, Sendable {
  package enum Origin: String, Hashable, Sendable { case repository, user, builtin }

  /// Relative to its `docker/` directory, the same in every overlay: `casa-dev/ubuntu-18.04`; of a VM image it begins with
  /// `../vbox/`.
  package var path: String
  /// Absolute.
  package var directory: FilePath
  package var origin: Origin

  package init(path: String, directory: FilePath, origin: Origin) {
    self.path = path
    self.directory = directory
    self.origin = origin
  }
}

/// A docker image built from a Dockerfile and a context.
package struct ImageRecipe: Sendable {
  package enum Visibility: String, Hashable, Sendable { case `public`, `private` }

  package var id: ArtifactID
  package var definition: DefinitionSource
  /// Where `image_sources` declares it.
  package var location: SourceLocation
  /// `NAMESPACE/NAME:TAG` with the main tag.
  package var reference: ImageReference
  /// The other tags.
  package var aliases: [ImageReference] = []
  package var visibility = Visibility.public
  package var dockerfile: DockerfileFacts
  /// As they are written: instructions that count with the main tags of the images that they name, by what counts.
  package var writtenInstructions: [String: String] = [:]
  /// Why it cannot be built from its bases.
  package var baseFaults: [Diagnostic] = []
  /// What `dockerfile` was read with: what is known of the images that `FROM` names, by canonical reference.
  package var bases: [String: BaseConfig] = [:]
  package var ignore = IgnoreFile()
  /// Files made from `*.template`, by their path in the context; they hide files of the same name.
  package var renderedFiles: [FilePath: [UInt8]] = [:]
  /// What those files were rendered from, by the same paths.
  package var templates: [FilePath: TemplateSource] = [:]
  /// Files made by the definition's generators, by their path in the context.
  package var generated: [FilePath: ArtifactID] = [:]
  package var buildArguments: [String: String] = [:]
  package var secrets: [BuildSecret] = []
  package var target: String?
  package var platform: Platform
  package var singularity: Singularity?
  /// A command to run in the built image; a failure fails the step.
  package var test: [String]?
  package var maxAge: Duration?
  /// Whether every time in the image is rewritten to SOURCE_DATE_EPOCH.
  package var isReproducible = false
  /// Where the definition gives values that are inputs, by the input's name.
  package var places: [InputGroup: [String: SourceLocation]] = [:]

  package init(
    id: ArtifactID, definition: DefinitionSource, location: SourceLocation, reference: ImageReference,
    dockerfile: DockerfileFacts, platform: Platform
  ) {
    self.id = id
    self.definition = definition
    self.location = location
    self.reference = reference
    self.dockerfile = dockerfile
    self.platform = platform
  }
}

/// What a file of the context was rendered from.
package struct TemplateSource: Hashable, Sendable {
  package var file: FilePath
  package var text: [UInt8]
  /// The parameters that it names, itself or through others, as they were written.
  package var parameters: [String: Located<String>]

  package init(file: FilePath, text: [UInt8], parameters: [String: Located<String>]) {
    self.file = file
    self.text = text
    self.parameters = parameters
  }
}

/// The conversion that `singularity:` asks for; nil in a recipe means none.
package struct Singularity: Hashable, Sendable {
  package enum Compression: String, Hashable, Sendable { case gzip, zstd }

  package var compression: Compression
  package var level: Int?

  package init(compression: Compression = .gzip, level: Int? = nil) {
    self.compression = compression
    self.level = level
  }
}

/// The ignore file that Docker would use for a context; no patterns when there is none.
package struct IgnoreFile: Hashable, Sendable {
  /// Its name in the context, nil when there is none.
  package var name: String?
  /// Its lines in order, comments and blank lines left out, as written.
  package var patterns: [String]
  /// The line of each pattern; empty where nobody wrote a file.
  package var lines: [Int]

  package init(name: String? = nil, patterns: [String] = [], lines: [Int] = []) {
    self.name = name
    self.patterns = patterns
    self.lines = lines
  }
}

/// A secret for `RUN --mount=type=secret`; never an input, never in an argument list.
package struct BuildSecret: Hashable, Sendable {
  package enum Source: Hashable, Sendable {
    case environment(String)
    case file(FilePath)
  }

  package var id: String
  package var source: Source

  package init(id: String, source: Source) {
    self.id = id
    self.source = source
  }
}

/// A file made by a command before the build and staged into the context.
package struct GeneratorRecipe: Sendable {
  package var id: ArtifactID
  package var definition: DefinitionSource
  package var location: SourceLocation
  /// The path in the context.
  package var output: String
  /// `{output}` in an argument is the path to write.
  package var command: [String]
  /// Files of the definition's directory that the command reads.
  package var inputs: [Located<String>]

  package init(
    id: ArtifactID, definition: DefinitionSource, location: SourceLocation, output: String, command: [String],
    inputs: [Located<String>]
  ) {
    self.id = id
    self.definition = definition
    self.location = location
    self.output = output
    self.command = command
    self.inputs = inputs
  }
}

/// What the graph must know of a step: its names, and the names that it uses.
package struct StepDeclaration: Sendable {
  package var id: ArtifactID
  package var location: SourceLocation
  /// Relative directory of its definition in the overlay.
  package var definitionPath: String
  /// Every reference by which another step may use it, with and without namespace.
  package var names: [ImageReference]
  package var uses: [ImageUse]
  /// Steps that it is made from, known without looking up a name.
  package var needs: [ArtifactID]
  /// Steps that it is made from as well if `FROM` names an image with triggers.
  package var needsOfTriggers: [ArtifactID] = []
  /// Whether it has `ONBUILD` instructions.
  package var hasTriggers = false
  /// Whether what it uses is all that can be used of what it depends on.
  package var saysAllItUses = false
  /// Directories of the overlay, normalised; every definition at or below each one counts.
  package var dependencies: [Located<String>]

  package init(
    id: ArtifactID, location: SourceLocation, definitionPath: String, names: [ImageReference] = [],
    uses: [ImageUse] = [], needs: [ArtifactID] = [], dependencies: [Located<String>] = []
  ) {
    self.id = id
    self.location = location
    self.definitionPath = definitionPath
    self.names = names
    self.uses = uses
    self.needs = needs
    self.dependencies = dependencies
  }
}
