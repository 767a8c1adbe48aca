internal import ImageModel

extension LintCheck {
  /// The same faults keep a build from starting an engine.
  static let missingSource = LintCheck(.missingSource) { tree in tree.images.flatMap(\.context.sourceFaults) }
}
