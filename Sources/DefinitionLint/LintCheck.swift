internal import ImageModel

/// One rule: a pure function from what is known of a tree to what is worth a word.
struct LintCheck: Sendable {
  let rule: LintRule
  private let find: @Sendable (LintedTree) -> [Diagnostic]

  init(_ rule: LintRule, _ find: @escaping @Sendable (LintedTree) -> [Diagnostic]) {
    self.rule = rule
    self.find = find
  }

  func findings(in tree: LintedTree) -> [Diagnostic] {
    find(tree).map { finding in
      var finding = finding
      finding.rule = rule
      return finding
    }
  }

  /// The rules that are not told while definitions, Dockerfiles and contexts are read.
  static let all: [LintCheck] = [
    .hiddenDefinition, .unusedParameter, .unusedArgument, .undeclaredUse, .unusedDependency, .unpinnedBase,
    .floatingBase, .missingSource, .remoteSource, .unneededStage, .unreachedOutput, .largeContext, .secretFile,
    .danglingLink,
  ]
}
