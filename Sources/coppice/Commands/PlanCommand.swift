internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import ReleasePlanning

extension PlanOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let selected = try workspace.select(targets)
    let releasing = try Releasing(workspace, only: destinations)
    let file = out.map { ReleasePlanFile(path: invocation.directory / FilePath($0), files: workspace.files) }
    // Decisions outlive plans: those of the file that is replaced, else those that every release follows.
    let decisions = try file.flatMap { try $0.exists() ? $0.decisions() : nil } ?? workspace.decisions()
    let rulings = try workspace.rulings(decisions)
    let draft = try await releasing.draft(selected, countsBytes: true)
    let composer = ReleasePlanComposer(releasing: releasing, targets: targets.isEmpty ? [] : selected.sorted())
    let reasons = ReleaseReasons(draft, in: workspace)
    var plan = try composer.plan(draft, reasons)
    plan.decisions = decisions
    let report = try ReleasePlanReport(
      draft, of: releasing, reasons, rulings: rulings, plan: plan, isWhole: showsReasons)
    try file?.write(plan)
    if page != nil || isPut {
      let text = ReleasePage(plan: plan, summary: report.summary, rulings: rulings, graph: graph(plan, workspace)).html
      if let page {
        try workspace.files.replace(invocation.directory / FilePath(page), with: Array(text.utf8), mode: 0o644)
      }
      if isPut { try await put(plan, page: text, draft, releasing) }
    }
    if isJSON {
      invocation.show(report.json)
    } else if !invocation.global.isQuiet {
      invocation.show(report.warnings)
      invocation.output.write(report.text(style: invocation.style, showsUnchanged: invocation.global.isVerbose))
    }
    if !draft.problems.isEmpty { return .failure }
    return hasExitCode && report.hasWork ? .workToDo : .success
  }

  /// Puts both where files are published.
  private func put(_ plan: ReleasePlan, page: String, _ draft: ReleaseDraft, _ releasing: Releasing) async throws {
    let places = releasing.definitions.compactMap { definition in
      (releasing.destinations[definition.name] as? DirectoryDestination).map { (definition.name, $0) }
    }
    guard !places.isEmpty else {
      throw Failure(
        "the plan can be put nowhere: no destination is a directory", help: "write it with --out and --html instead")
    }
    for (name, place) in places where draft.problems[name] == nil {
      try await place.put([
        (name: "release_plan.yaml", bytes: Array(plan.text.utf8)), (name: "release_plan.html", bytes: Array(page.utf8)),
      ])
    }
  }

  /// What is published and all that it is made of.
  private func graph(_ plan: ReleasePlan, _ workspace: Workspace) -> GraphView {
    GraphView(
      plan.sources.compactMap { source in
        workspace.graph[source.artifact].map { node in
          GraphView.Node(source.artifact, uses: node.uses, orderOnly: node.orderOnly)
        }
      })
  }
}
