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
  let location: SourceLocation
  var instructions: [DockerfileLines.Instruction] = []

  // What reading it finds out:

  var scope = Scope()
  /// Other stages that it takes files from.
  var sources: [Int] = []
  var uses: [ImageUse] = []
  /// Where its instructions name other stages.
  var links: [(range: Range<Int>, stage: Int)] = []
  var selectors: [ContextSelector] = []
  var named: [DockerfileSource] = []
  /// Variables of its base image that decide what it takes.
  var askedVariables: Set<String> = []
  /// Why the selectors are not all of it.
  var unknownReach: String?
  var features: Set<String> = []
  var diagnostics: [Diagnostic] = []
  /// Its ONBUILD instructions, to run in stages built from it.
  var triggers: [DockerfileLines.Instruction] = []

  init(name: String?, base: Base, at location: SourceLocation) {
    self.name = name
    self.base = base
    self.location = location
  }

  /// Makes the whole context count, and says why.
  mutating func cannotKnow(
    _ why: String, at offset: Int, _ source: SourceText, help: String? = nil, rule: LintRule = .wholeContext,
    severity: Diagnostic.Severity = .note
  ) {
    diagnostics.append(
      source.diagnostic(severity, why, at: offset, help: help ?? "the whole context counts as an input", rule: rule))
    unknownReach = unknownReach ?? "\(source.location(at: offset)): \(why)"
  }

  /// The stages that must be built before it.
  var needs: [Int] {
    if case .stage(let index) = base { [index] + sources } else { sources }
  }
}
