internal import ImageModel

/// One `FROM` and what follows it.
struct Stage {
  enum Base {
    case image(ImageUse)
    case stage(Int)
    case scratch
    /// Its fault is told already.
    case broken
  }

  /// In lower case; nil when it has none.
  var name: String?
  var base: Base
  let location: SourceLocation
  var instructions: [DockerfileLines.Instruction] = []

  // What reading its instructions finds out:

  var scope = Scope()
  /// Other stages that it takes files from.
  var sources: [Int] = []
  var uses: [ImageUse] = []
  var selectors: [ContextSelector] = []
  var named: [DockerfileSource] = []
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

  /// The stages that must be built before it.
  var needs: [Int] {
    if case .stage(let index) = base { [index] + sources } else { sources }
  }
}
