internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel

extension LintCheck {
  static let undeclaredUse = LintCheck(.undeclaredUse) { tree in
    var findings: [Diagnostic] = []
    for image in tree.images {
      let own = image.recipe.definition.path
      let declared = Dependencies.declared(by: image.recipe.id, in: tree)
      for (use, step) in image.node.resolution {
        guard let path = step.flatMap({ tree.graph[$0] })?.definitionPath, path != own,
          !declared.contains(where: { Dependencies.isBelow(path, $0.value) })
        else { continue }
        let up = own == "." ? "." : own.split(separator: "/").map { _ in ".." }.joined(separator: "/")
        findings.append(
          Diagnostic(
            .warning, "\(use.reference) is used but not declared", at: use.location,
            help: "add '- \(up)/\(path)' to dependencies of its casa_distro_docker.yaml"))
      }
    }
    return findings
  }
}

/// What definitions declare.
enum Dependencies {
  static func declared(by id: ArtifactID, in tree: LintedTree) -> [Located<String>] {
    tree.definitions.declaration(of: id)?.dependencies ?? []
  }

  /// Both are directories of the overlay.
  static func isBelow(_ path: String, _ directory: String) -> Bool {
    directory == "." || path == directory || path.hasPrefix(directory + "/")
  }
}
