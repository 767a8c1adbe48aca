internal import BuildEngine
internal import BuildRecords
internal import ImageModel

/// Why the next build would run a step, with what the disk and the store tell of each change.
struct PresentReasons {
  let workspace: Workspace
  let ledger: Ledger

  func link(_ step: BuildPlan.Step) -> ExplainReport.Link {
    var link = ExplainReport.Link(id: step.id, reasons: step.staleness.reasons)
    if case .machine(let machine)? = workspace.recipes[step.id] {
      link.steps = RedoneSteps(of: machine, after: link.reasons)
    }
    let changes = link.reasons.flatMap { reason -> [InputChange] in
      if case .inputsChanged(let changes) = reason { changes } else { [] }
    }
    guard !changes.isEmpty, let recipe = workspace.recipes[step.id], let record = ledger[step.id] else { return link }
    if changes.contains(where: \.isGroupOnly) {
      let list = ChangeText.short(record.fingerprint.digest)
      link.note = "no more can be said: the list of inputs \(list) that was recorded is not in the store"
    }
    let paths = Set(changes.filter { $0.group == .context }.map { Array($0.name.utf8) })
    let explainer = ChangeExplainer(
      before: workspace.details(of: record.fingerprint) ?? InputDetails(),
      after: DetailReader(files: workspace.files).details(of: recipe, step.inputs, paths: paths))
    link.reasons = explainer.explained(link.reasons)
    return link
  }
}
