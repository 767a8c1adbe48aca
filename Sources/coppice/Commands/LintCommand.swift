internal import BuildRecords
internal import DefinitionLint
internal import DefinitionScan
internal import DependencyGraph
internal import HostSystem
internal import ImageModel

extension LintOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace(invocation)
    let selected = try workspace.select(targets)
    let linter = Linter(only: rules, ignoring: ignored.union(workspace.settings.ignoredRules)) {
      [files = workspace.files] in
      try? files.contents(of: $0, limit: 16 << 20)
    }
    let findings = linter.findings(
      in: try workspace.linted(selected), reported: workspace.diagnostics + (try workspace.fileFaults(selected)))
    if isJSON {
      invocation.show(DiagnosticJSON.value(findings))
    } else {
      invocation.show(findings)
      let counts = [Diagnostic.Severity.error, .warning, .note].map { severity in
        HumanText.count(findings.count { $0.severity == severity }, severity.rawValue)
      }
      invocation.output.write(findings.isEmpty ? "nothing to say\n" : counts.joined(separator: ", ") + "\n")
    }
    let isFaulty = findings.contains { $0.severity == .error || isStrict && $0.severity == .warning }
    return isFaulty ? .invalid : .success
  }
}

extension Workspace {
  /// What rules may ask of the selected images.
  fileprivate func linted(_ selected: Set<ArtifactID>) throws -> LintedTree {
    let surveyor = ContextSurveyor(files: files)
    let images = try selected.sorted().compactMap { id -> LintedImage? in
      guard case .image(let recipe)? = recipes[id], let node = graph[id] else { return nil }
      return LintedImage(recipe: recipe, node: node, context: try surveyor.survey(recipe))
    }
    let machines = selected.sorted().compactMap { id -> MachineRecipe? in
      if case .machine(let recipe)? = recipes[id] { recipe } else { nil }
    }
    return LintedTree(
      definitions: tree, graph: graph, images: images, machines: machines, pins: Set(try ledger().lockfile.pins.keys),
      contextLimit: settings.contextLimit)
  }

  /// What generators of the selected images, and steps of VM images, would stumble over.
  fileprivate func fileFaults(_ selected: Set<ArtifactID>) throws -> [Diagnostic] {
    let reader = InputReader(files: files, programDirectories: [])
    return try graph.upstream(of: selected).sorted().flatMap { id -> [Diagnostic] in
      guard let recipe = recipes[id] else { return [] }
      switch recipe {
      case .generator, .machine: break
      case .image, .conversion: return []
      }
      return try reader.snapshot(of: recipe, index: index).diagnostics
    }
  }
}
