internal import ImageModel

/// One `FROM` and what follows it.
struct Stage {
  enum Base {
    case image(ImageUse)
    case stage(Int)
    case scratch
    /// Its fault is among the diagnostics, and told when the stage is needed.
    case broken
  }

  /// In lower case; nil when it has none.
  var name: String?
  var base: Base
  var instructions: [DockerfileLines.Instruction] = []

  // What reading it finds out:

  var scope = Scope()
  /// Other stages that it takes files from.
  var sources: [Int] = []
  var uses: [ImageUse] = []
  var selectors: [ContextSelector] = []
  /// Why the selectors are not all of it.
  var unknownReach: String?
  var features: Set<String> = []
  var diagnostics: [Diagnostic] = []
  /// Its ONBUILD instructions, to run in stages built from it.
  var triggers: [DockerfileLines.Instruction] = []

  init(name: String?, base: Base) {
    self.name = name
    self.base = base
  }

  /// Makes the whole context count, with a note that says why.
  mutating func cannotKnow(_ why: String, at offset: Int, _ source: SourceText, help: String? = nil) {
    diagnostics.append(
      source.diagnostic(.note, why, at: offset, help: help ?? "the whole context counts as an input"))
    unknownReach = unknownReach ?? "\(source.location(at: offset)): \(why)"
  }

  /// The stages that must be built before it.
  var needs: [Int] {
    if case .stage(let index) = base { [index] + sources } else { sources }
  }
}
