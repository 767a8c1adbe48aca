internal import DefinitionScan
internal import ImageModel

extension LintCheck {
  static let hiddenDefinition = LintCheck(.hiddenDefinition) { tree in
    tree.definitions.overridden.filter { tree.isLookedAt($0.winner) }.map { override in
      let name: FilePath =
        override.path.hasPrefix("../vbox") ? "casa_distro_vbox.yaml" : "casa_distro_docker.yaml"
      return Diagnostic(
        .note, "this definition hides the one in \(override.loser.directory)",
        at: SourceLocation(file: override.winner.directory / name, line: 1, column: 1),
        help: "rename its directory if it should not stand in for the other one")
    }
  }
}
