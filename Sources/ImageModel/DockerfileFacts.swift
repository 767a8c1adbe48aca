/// One image that a Dockerfile uses, and where.
package struct ImageUse: Hashable, Sendable {
  package enum Role: String, Sendable, Hashable { case from, copyFrom, mountFrom, syntax }

  package var reference: ImageReference
  package var role: Role
  package var location: SourceLocation
  /// The bytes of `DockerfileFacts.text` that name it, so that they can be replaced by an exact name.
  package var range: Range<Int>

  package init(reference: ImageReference, role: Role, location: SourceLocation, range: Range<Int>) {
    self.reference = reference
    self.role = role
    self.location = location
    self.range = range
  }
}

/// One instruction of a Dockerfile without comments, blank lines and line continuations.
package struct DockerfileInstruction: Hashable, Sendable {
  /// The text that counts: directives and heredocs included, white space between words kept where a shell sees it.
  package var canonical: String
  /// What of it makes an image another one, without what engines do not look at: names of stages, white space in JSON.
  /// Nil where nothing does.
  package var counted: String?
  package var location: SourceLocation

  package init(canonical: String, location: SourceLocation) {
    self.canonical = canonical
    counted = canonical
    self.location = location
  }
}

/// Which files of the context a build can see.
package enum ContextReach: Hashable, Sendable {
  /// Everything that the ignore file leaves, with the reason why it cannot be known better.
  case whole(reason: String)
  case selected([ContextSelector])
}

/// One source of `COPY`, `ADD` or a bind mount, relative to the context's root.
///
/// Compared byte by byte, as engines do: `String` takes two spellings of one letter for the same.
package struct ContextSelector: Hashable, Sendable {
  /// After expansion, cleaned: no leading slash, no `.` or `..`; `.` is the root; Go's `filepath.Match` patterns.
  package var pattern: String
  /// Whether `*`, `?` and `[` are patterns here (bind mounts take names verbatim).
  package var isPattern: Bool
  /// Patterns of `--exclude`.
  package var excludes: [String]
  /// Whether of a directory only what is in it is taken, as by COPY and ADD; a bind mount shows the directory as well.
  package var isContentsOnly: Bool
  /// Whether the directories on the way to what is taken are made as they are, as by `COPY --parents`.
  package var keepsParents: Bool

  package init(
    pattern: String, isPattern: Bool = true, excludes: [String] = [], isContentsOnly: Bool = false,
    keepsParents: Bool = false
  ) {
    self.pattern = pattern
    self.isPattern = isPattern
    self.excludes = excludes
    self.isContentsOnly = isContentsOnly
    self.keepsParents = keepsParents
  }

  package static func == (left: ContextSelector, right: ContextSelector) -> Bool {
    left.pattern.utf8.elementsEqual(right.pattern.utf8) && left.isPattern == right.isPattern
      && left.isContentsOnly == right.isContentsOnly && left.keepsParents == right.keepsParents
      && left.excludes.elementsEqual(right.excludes) { $0.utf8.elementsEqual($1.utf8) }
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(FilePath(pattern)) }
}

/// What coppice must know of a Dockerfile, after templates and arguments are expanded, for one target stage.
package struct DockerfileFacts: Sendable {
  package var file: FilePath
  /// As it is handed to the engine.
  package var text: [UInt8]
  /// All instructions, in order.
  package var instructions: [DockerfileInstruction]
  /// The images that the target's stages use, in order of appearance.
  package var uses: [ImageUse]
  package var reach: ContextReach
  /// What the target's stages take, in order of appearance; those that cannot be known are not among them.
  package var sources: [DockerfileSource] = []
  /// What the target's image runs in builds that begin with it (`ONBUILD`), in order, as engines keep it; nil when
  /// nobody knows.
  package var triggers: [String]? = []
  /// Variables of the images that `FROM` names which decide what the target's stages take, by canonical reference.
  package var askedVariables: [String: Set<String>] = [:]
  /// The variables of the target's image.
  package var environment = ImageEnvironment(root: .unknown)
  /// All stages, in order.
  package var stages: [DockerfileStage] = []
  /// The names of every `ARG`, in whatever stage.
  package var arguments: Set<String> = []
  /// The build arguments that an `ARG` of the target's stages takes, beside those that engines use without one; nil when
  /// nobody knows.
  package var takenArguments: Set<String>?
  /// Whether the name of the target makes its image another one.
  package var countsTarget = true
  /// What the engine must support, for a message before the build: `heredoc`, `mount`, `copy --link`, …
  package var features: Set<String>
  /// Faults, warnings and lint notes, each with its place.
  package var diagnostics: [Diagnostic]

  package init(
    file: FilePath, text: [UInt8], instructions: [DockerfileInstruction], uses: [ImageUse], reach: ContextReach,
    features: Set<String> = [], diagnostics: [Diagnostic] = []
  ) {
    self.file = file
    self.text = text
    self.instructions = instructions
    self.uses = uses
    self.reach = reach
    self.features = features
    self.diagnostics = diagnostics
  }

  /// What of the Dockerfile makes an image another one.
  package var counted: [(text: String, location: SourceLocation)] {
    instructions.compactMap { instruction in instruction.counted.map { ($0, instruction.location) } }
  }

  /// Whether the value of a build argument can make an image another one.
  package func takes(_ argument: String) -> Bool {
    PredefinedArguments.contain(argument) || takenArguments?.contains(argument) ?? true
  }

  /// For a Dockerfile that runs together with instructions that nobody can read here.
  package mutating func countEverything() {
    takenArguments = nil
    countsTarget = true
    for index in instructions.indices { instructions[index].counted = instructions[index].canonical }
  }
}
