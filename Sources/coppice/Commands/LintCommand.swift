internal import BuildRecords
internal import DefinitionScan
internal import DependencyGraph
internal import ImageModel

extension LintOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace(invocation)
    let selected = try workspace.select(targets)
    var findings = workspace.diagnostics
    let ledger = try workspace.ledger()
    for id in selected.sorted() {
      guard case .image(let recipe)? = workspace.recipes[id], let node = workspace.graph[id] else { continue }
      findings += recipe.dockerfile.diagnostics.filter { $0.severity == .note }
      findings += Lint.dependencies(of: recipe, node, workspace)
      findings += Lint.unpinned(recipe, node) { ledger[pin: $0] != nil }
    }
    // What a build would stumble over in the contexts themselves.
    do { _ = try workspace.plan(selected) } catch let faults as InvalidInput { findings += faults.diagnostics }
    // Images of one definition share their lines.
    findings = Array(Set(findings)).sorted()
    if isJSON {
      invocation.show(DiagnosticJSON.value(findings))
    } else {
      invocation.show(findings)
      let counts = [Diagnostic.Severity.error, .warning, .note].map { severity in
        HumanText.count(findings.count { $0.severity == severity }, severity.rawValue)
      }
      invocation.output.write(findings.isEmpty ? "nothing to say\n" : counts.joined(separator: ", ") + "\n")
    }
    return findings.contains { $0.severity == .error } ? .invalid : .success
  }
}

/// What is legal and yet worth a word.
enum Lint {
  /// Used but not declared, and declared but not used.
  static func dependencies(of recipe: ImageRecipe, _ node: BuildGraph.Node, _ workspace: Workspace) -> [Diagnostic] {
    guard let declaration = workspace.tree.declarations.first(where: { $0.id == recipe.id }) else { return [] }
    let declared = declaration.dependencies
    var findings: [Diagnostic] = []
    for (use, step) in node.resolution {
      guard let step, let path = workspace.graph[step]?.definitionPath, path != recipe.definition.path,
        !declared.contains(where: { isBelow(path, $0.value) })
      else { continue }
      let up = recipe.definition.path.split(separator: "/").map { _ in ".." }.joined(separator: "/")
      findings.append(
        Diagnostic(
          .note, "\(use.reference) is used but not declared", at: use.location,
          help: "add '- \(up)/\(path)' to dependencies of its casa_distro_docker.yaml"))
    }
    for dependency in declared
    where !node.uses.contains(where: { id in
      workspace.graph[id].map { isBelow($0.definitionPath, dependency.value) } ?? false
    }) {
      findings.append(
        Diagnostic(
          .note, "no image below '\(dependency.value)' is used", at: dependency.location,
          help: "it only orders the builds; remove it if that is not meant"))
    }
    return findings
  }

  static func unpinned(
    _ recipe: ImageRecipe, _ node: BuildGraph.Node, isPinned: (Lockfile.BaseKey) -> Bool
  ) -> [Diagnostic] {
    node.bases.filter { $0.reference.digest == nil }.compactMap { use in
      let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: recipe.platform)
      guard !isPinned(key) else { return nil }
      return Diagnostic(
        .note, "the base \(use.reference) is not pinned yet", at: use.location,
        help: "`coppice build` or `coppice update` pins it in coppice.lock")
    }
  }

  private static func isBelow(_ path: String, _ directory: String) -> Bool {
    directory == "." || path == directory || path.hasPrefix(directory + "/")
  }
}
