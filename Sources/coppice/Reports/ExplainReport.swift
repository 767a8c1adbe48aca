internal import BuildEngine
internal import BuildRecords
internal import ImageModel
internal import JSONText

/// What `coppice explain` tells: the chain from an artifact to its root causes.
struct ExplainReport: Sendable {
  struct Link: Sendable {
    var id: ArtifactID
    var reasons: [StaleReason]
    /// The build of the past that is told of; nil for what the next one would do.
    var build: Int?
    /// Why no more can be said.
    var note: String?
    /// Of a VM image, what runs again.
    var steps: RedoneSteps?
  }

  var id: ArtifactID
  var state: GraphView.State
  /// The target first, each one before the upstreams that it names, a root cause last.
  var chain: [Link]
  /// For a build of the past: its number and how it ended.
  var past: (build: Int, outcome: StepOutcome)?
  /// The paths in which that build's output differs from the one before, where they are few.
  var nearMiss: [String] = []

  var json: JSONValue {
    let links: [JSONValue] = chain.map { link in
      var object = JSONObject([("id", .string("\(link.id)")), ("reasons", .reasons(link.reasons))])
      if !link.reasons.causes.isEmpty { object["causes"] = .ids(link.reasons.causes) }
      if let build = link.build { object["build"] = .integer(build) }
      if let note = link.note { object["note"] = .string(note) }
      if let steps = link.steps { object["steps"] = ["from": .integer(steps.first), "of": .integer(steps.count)] }
      return .object(object)
    }
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

  /// - Parameter shown: a file as the user sees it from where he stands.
  func text(style: Style, shown: (FilePath) -> FilePath = { $0 }) -> String {
    let verdict =
      if let past { "in build \(past.build): \(past.outcome.rawValue)" } else { present }
    var text = style(.bold, "\(id)") + " \(verdict)\n"
    for (depth, link) in chain.enumerated() {
      if depth > 0 {
        let build = link.build.flatMap { $0 == past?.build ? nil : " in build \($0)" } ?? ""
        text += "because of " + style(.bold, "\(link.id)") + build + "\n"
      }
      for reason in link.reasons { text += Self.text(reason, style, shown) }
      if let steps = link.steps { text += "  " + style(.faint, steps.description) + "\n" }
      if let note = link.note { text += "  " + style(.faint, TerminalText.oneLine(note)) + "\n" }
    }
    let near = ReasonText.nearMiss(nearMiss, chain.first?.reasons ?? [], from: "the image before")
    return near.isEmpty ? text : text + near + "\n"
  }

  private var present: String {
    switch state {
    case .current: "is current"
    case .stale: "is stale"
    case .may: "may be built: its upstreams decide"
    }
  }

  private static func text(_ reason: StaleReason, _ style: Style, _ shown: (FilePath) -> FilePath) -> String {
    guard case .inputsChanged(let changes) = reason, !changes.isEmpty else { return "  \(ReasonText.line(reason))\n" }
    var text = ""
    var told: Set<InputCause> = []
    func place(_ location: SourceLocation?) -> String {
      guard var location, location.line > 0 else { return "" }
      location.file = shown(location.file)
      return "    " + style(.faint, "at \(TerminalText.cleaned(location.description))") + "\n"
    }
    for (line, change) in ReasonText.changes(changes) {
      text += "  \(line)\n" + place(change.location)
      for line in ChangeText.details(change) { text += "    " + colored(line, style) + "\n" }
      // Many lines of one template may change through one parameter.
      for cause in change.causes where told.insert(cause).inserted {
        let file = change.group == .dockerfile ? "Dockerfile" : change.name
        guard let line = ChangeText.line(cause, of: file) else { continue }
        text += "    \(line.text)\n" + place(line.location)
      }
    }
    return text
  }

  private static func colored(_ line: String, _ style: Style) -> String {
    switch line.first {
    case "-": style(.red, line)
    case "+": style(.green, line)
    case "@": style(.cyan, line)
    default: line
    }
  }
}
