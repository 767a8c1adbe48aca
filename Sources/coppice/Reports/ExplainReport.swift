internal import BuildEngine
internal import ImageModel
internal import JSONText

/// What `coppice explain` tells: the chain from an artifact to the root cause.
struct ExplainReport: Sendable {
  struct Link: Sendable {
    var id: ArtifactID
    var reasons: [StaleReason]
  }

  var id: ArtifactID
  var state: GraphView.State
  /// The target first, the root cause last.
  var chain: [Link]
  /// For a build of the past: its number and how it ended.
  var past: (build: Int, outcome: StepOutcome)?
  /// The paths in which that build's output differs from the one before, where they are few.
  var nearMiss: [String] = []

  var json: JSONValue {
    let links: [JSONValue] = chain.map { ["id": .string("\($0.id)"), "reasons": .reasons($0.reasons)] }
    var object = JSONObject([
      ("id", .string("\(id)")), ("state", .string(state.rawValue)), ("chain", .array(links)),
    ])
    if let past {
      object["build"] = .integer(past.build)
      object["outcome"] = .string(past.outcome.rawValue)
    }
    if !nearMiss.isEmpty { object["nearMiss"] = .array(nearMiss.map { .string($0) }) }
    return .object(object)
  }

  func text(style: Style) -> String {
    let verdict =
      if let past { "in build \(past.build): \(past.outcome.rawValue)" } else { present }
    var text = style(.bold, "\(id)") + " \(verdict)\n"
    for (depth, link) in chain.enumerated() {
      if depth > 0 { text += "because of " + style(.bold, "\(link.id)") + "\n" }
      for reason in link.reasons {
        for line in ReasonText.lines([reason]) { text += "  \(line)\n" }
        for place in Self.places(reason) { text += "    " + style(.faint, "at \(place)") + "\n" }
      }
    }
    if !nearMiss.isEmpty {
      text += "near miss: only these paths differ from the image before: "
      text += nearMiss.map(TerminalText.cleaned).joined(separator: ", ") + "\n"
    }
    return text
  }

  private var present: String {
    switch state {
    case .current: "is current"
    case .stale: "is stale"
    case .may: "may be built: its upstreams decide"
    }
  }

  /// The lines of Dockerfiles, as editors and terminals open them.
  private static func places(_ reason: StaleReason) -> [String] {
    guard case .inputsChanged(let changes) = reason else { return [] }
    return changes.compactMap(\.location).filter { $0.line > 0 }.map { TerminalText.cleaned($0.description) }
  }
}
