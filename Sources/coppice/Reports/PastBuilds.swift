internal import BuildRecords
internal import ContentStore
internal import ImageModel

/// Why steps ran in builds of the past, from what was recorded then: the journal, the lists of inputs, what is kept
/// beside them.
struct PastBuilds {
  let workspace: Workspace
  /// Read only when a chain leads into the past.
  let entries: () throws -> [JournalEntry]

  /// From an artifact to its root causes: through `known` links, and where there is none through the newest builds that
  /// made the outputs that the links name.
  func chain(
    from id: ArtifactID, known: (ArtifactID) throws -> ExplainReport.Link?
  ) throws -> [ExplainReport.Link] {
    var links: [ArtifactID: ExplainReport.Link] = [:]
    var wanted: [ArtifactID: (output: Digest, build: Int)] = [:]
    let order = try id.causalChain { current in
      let link =
        try known(current) ?? wanted[current].map { try self.link(to: $0.output, of: current, until: $0.build) }
      for case .upstreamChanged(let upstream, _, let output) in link?.reasons ?? [] where wanted[upstream] == nil {
        wanted[upstream] = (output, link?.build ?? .max)
      }
      links[current] = link
      return link?.reasons.causes ?? []
    }
    return order.compactMap { links[$0] }
  }

  private func link(to output: Digest, of id: ArtifactID, until build: Int) throws -> ExplainReport.Link {
    // A build that gave the same output again is not the one that changed it.
    let makers = try entries().filter { $0.id == id && $0.build <= build }
    if let entry = makers.last(where: { $0.output == output && $0.outcome != "unchanged" }) { return link(entry) }
    return ExplainReport.Link(
      id: id, reasons: [],
      note: "the journal of this repository does not know the build that made sha256:\(output.short)…")
  }

  func link(_ entry: JournalEntry) -> ExplainReport.Link {
    let (reasons, omitted) = reasons(of: entry)
    var link = ExplainReport.Link(id: entry.id, reasons: reasons, build: entry.build)
    guard reasons.contains(where: { if case .inputsChanged = $0 { true } else { false } }) else { return link }
    let lost = [entry.previous, entry.fingerprint].compactMap(\.self).filter {
      (try? workspace.store.size(ofBlob: $0.digest)) == nil
    }
    if let first = lost.first {
      link.note =
        "the store has the list of inputs sha256:\(first.digest.short)… no more: this is what the journal kept"
        + (omitted > 0 ? ", which leaves out \(HumanText.count(omitted, "change"))" : "")
    }
    let explainer = ChangeExplainer(
      before: entry.previous.flatMap { workspace.details(of: $0) } ?? InputDetails(),
      after: workspace.details(of: entry.fingerprint) ?? InputDetails())
    link.reasons = explainer.explained(reasons)
    return link
  }

  /// The reasons of an entry, completed from the lists where the journal names only some of many changes.
  /// - Returns: also how many changes are left out still.
  func reasons(of entry: JournalEntry) -> ([StaleReason], omitted: Int) {
    guard entry.omitted > 0, let before = entry.previous.flatMap({ workspace.inputList($0) }),
      let after = workspace.inputList(entry.fingerprint)
    else { return (entry.reasons, entry.omitted) }
    let reasons = entry.reasons.map { reason -> StaleReason in
      guard case .inputsChanged(let listed) = reason else { return reason }
      // Bases, upstreams and the generation may have been no reasons; files always are.
      let files = after.changes(since: before).filter { $0.group == .context }
      let known = Set(listed.filter { $0.group == .context }.map(\.name))
      return .inputsChanged(listed + files.filter { !known.contains($0.name) })
    }
    return (reasons, 0)
  }
}
