internal import BuildEngine
internal import BuildRecords
internal import ImageModel
internal import ReleasePlanning

/// Why the lines of a release have work, down to the root causes.
struct ReleaseReasons {
  /// Reasons of one artifact, and artifacts at each end of a chain: a page is to be read.
  private static let (longest, nearest) = (20, 6)

  private let past: PastBuilds
  private let draft: ReleaseDraft
  /// The builds that made what is to be sent, which need not be the last ones.
  private let makers: [ArtifactID: JournalEntry]

  init(_ draft: ReleaseDraft, in workspace: Workspace) {
    let entries = (try? workspace.journal.entries()) ?? []
    let outputs = draft.shipments.reduce(into: [:]) { $0[$1.key.artifact] = $1.value.output.digest }
    makers = entries.reduce(into: [:]) { makers, entry in
      guard entry.outcome == "built", let output = entry.output, output == outputs[entry.id] else { return }
      makers[entry.id] = entry
    }
    past = PastBuilds(workspace: workspace, entries: { entries })
    self.draft = draft
  }

  /// Of a line that is built: why it was, in a few words; nil where the journal does not know.
  func summary(of line: ReleaseLine) -> String? {
    guard let entry = makers[line.artifact] else { return nil }
    let (reasons, omitted) = past.reasons(of: entry)
    return ReasonText.summary(reasons, omitted: omitted)
  }

  /// Why a line that must be built is stale: its first reason, and the root cause where that is another artifact's.
  func cause(of line: ReleaseLine) -> String {
    let chain = draft.build.chain(from: line.artifact)
    let first = ReasonText.summary(line.reasons)
    guard chain.count > 1, let root = chain.last else { return first }
    return "\(first), because of \(root.id): \(ReasonText.summary(root.staleness.reasons))"
  }

  /// Every reason from the line's own to the root causes; none where nobody knows.
  func lines(of line: ReleaseLine) throws -> [String] {
    guard line.isWork || line.change == .unknown else { return [] }
    if line.needsBuild {
      // What is recorded and was never built is current for a build.
      let found = try lines(of: line.artifact)
      return found.isEmpty ? ReasonText.lines(line.reasons) : found
    }
    guard let entry = makers[line.artifact] else { return [] }
    return words(try past.chain(from: line.artifact) { $0 == line.artifact ? past.link(entry) : nil })
  }

  func lines(of id: ArtifactID) throws -> [String] {
    words(
      try past.chain(from: id) { current in
        guard let step = draft.build[current], step.staleness != .current else { return nil }
        return ExplainReport.Link(id: current, reasons: step.staleness.reasons)
      })
  }

  /// A line for each reason, of each artifact of a chain; what is between the first and the root causes may be left out.
  private func words(_ chain: [ExplainReport.Link]) -> [String] {
    let between = max(0, chain.count - 2 * Self.nearest)
    let gap = between == 0 ? [] : ["and so on, over \(HumanText.count(between, "artifact"))"]
    let first = chain.prefix(Self.nearest).flatMap { reasons(of: $0, in: chain) }
    return first + gap + chain.dropFirst(Self.nearest + between).flatMap { reasons(of: $0, in: chain) }
  }

  private func reasons(of link: ExplainReport.Link, in chain: [ExplainReport.Link]) -> [String] {
    let lines = ReasonText.lines(link.reasons) + [link.note].compactMap(\.self).map(TerminalText.oneLine)
    let more = lines.count > Self.longest ? ["and \(lines.count - Self.longest) more"] : []
    return (lines.prefix(Self.longest) + more).map { link.id == chain.first?.id ? $0 : "because of \(link.id): \($0)" }
  }
}
