internal import BuildEngine
internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

extension HistoryOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace(invocation)
    var entries = try workspace.journal.entries()
    if let target {
      let selected = try workspace.select([target], past: Set(entries.map(\.id)))
      entries = entries.filter { selected.contains($0.id) }
    }
    let past = PastBuilds(workspace: workspace, entries: { entries })
    let report = HistoryReport(
      builds: entries.suffix(limit).reversed().compactMap { entry in
        .init(entry, past.reasons(of: entry), logs: workspace.logDirectory)
      })
    if isJSON {
      invocation.show(report.json)
    } else {
      invocation.output.write(report.text(style: invocation.style, showsAll: invocation.global.isVerbose))
    }
    return .success
  }
}

extension HistoryReport.Build {
  fileprivate init?(_ entry: JournalEntry, _ why: (reasons: [StaleReason], omitted: Int), logs: FilePath) {
    guard let outcome = StepOutcome(rawValue: entry.outcome) else { return nil }
    self.init(
      number: entry.build, id: entry.id, start: entry.time, duration: .milliseconds(entry.milliseconds),
      outcome: outcome, reasons: why.reasons, omitted: why.omitted, log: entry.log.map { logs / FilePath($0) })
  }
}
