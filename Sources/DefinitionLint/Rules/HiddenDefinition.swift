internal import DefinitionScan
internal import ImageModel

extension LintCheck {
  static let hiddenDefinition = LintCheck(.hiddenDefinition) { tree in
    tree.definitions.overridden.filter { tree.isLookedAt($0.winner) }.map { override in
      Diagnostic(
        .note, "this definition hides the one in \(override.loser.directory)",
        at: SourceLocation(file: override.winner.directory / "casa_distro_docker.yaml", line: 1, column: 1),
        help: "rename its directory if it should not stand in for the other one")
    }
  }
}
