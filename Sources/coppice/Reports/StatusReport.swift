internal import ImageModel
internal import JSONText

/// What `coppice status` tells.
struct StatusReport: Sendable {
  struct Artifact: Sendable {
    var id: ArtifactID
    var staleness: Staleness
    var state: GraphView.State { GraphView.State(staleness) }
  }

  let artifacts: [Artifact]

  init(_ artifacts: [(ArtifactID, Staleness)]) {
    self.artifacts = artifacts.map { Artifact(id: $0.0, staleness: $0.1) }.sorted { $0.id < $1.id }
  }

  var isCurrent: Bool { artifacts.allSatisfy { $0.state == .current } }

  var json: JSONValue {
    let values: [JSONValue] = artifacts.map { artifact in
      [
        "id": .string("\(artifact.id)"), "state": .string(artifact.state.rawValue),
        "reasons": .reasons(artifact.staleness.reasons),
      ]
    }
    return ["artifacts": .array(values)]
  }

  /// - Parameter showsCurrent: whether those that need nothing have lines, too.
  func text(style: Style, showsCurrent: Bool) -> String {
    var text = ""
    for artifact in artifacts where showsCurrent || artifact.state != .current {
      text += "\(style.state(artifact.state))  \(artifact.id)\n"
      for line in ReasonText.lines(artifact.staleness.reasons) { text += "         \(line)\n" }
    }
    return text + summary + "\n"
  }

  private var summary: String {
    guard !artifacts.isEmpty else { return "no artifacts" }
    if isCurrent { return "everything is current (\(HumanText.count(artifacts.count, "artifact")))" }
    let words: [(GraphView.State, String)] = [(.stale, "stale"), (.may, "may be built"), (.current, "current")]
    return words.compactMap { state, word in
      let count = artifacts.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(word)"
    }.joined(separator: ", ")
  }
}

extension Style {
  /// The state in seven columns.
  func state(_ state: GraphView.State) -> String {
    switch state {
    case .current: self(.green, "current")
    case .stale: self(.red, "stale  ")
    case .may: self(.yellow, "may    ")
    }
  }
}
