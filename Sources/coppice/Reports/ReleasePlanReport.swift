internal import BuildRecords
internal import ImageModel
internal import JSONText
internal import ReleasePlanning

/// What `coppice plan` tells.
struct ReleasePlanReport: Sendable {
  /// By destination, in the order of building.
  var lines: [ReleaseLine]
  var pending: Release?
  /// Of artifacts that are built: why they were built last.
  var lastReasons: [ArtifactID: String] = [:]

  var hasWork: Bool { lines.contains(where: \.isWork) }

  var warnings: [Diagnostic] {
    var warnings = lines.flatMap { line in
      line.moved.map { name in
        Diagnostic(
          .warning, "somebody else has moved \(name) since the last release",
          help: "look what it is; 'coppice publish --overwrite' takes it back")
      }
    }
    if let undone = pending?.undone {
      warnings.append(
        Diagnostic(
          .warning, "the release \(undone) is being taken back, which has not ended",
          help: "'coppice publish --rollback' goes on with it"))
    } else if let pending {
      let names = pending.entries.map(\.change.name).joined(separator: ", ")
      warnings.append(
        Diagnostic(
          .warning,
          "a release of \(DateText.utc(pending.time)) has not been completed: of \(names) some may have switched",
          help: "'coppice publish' completes it, 'coppice publish --rollback' takes it back"))
    }
    return warnings
  }

  // MARK: Text

  func text(style: Style, showsUnchanged: Bool) -> String {
    var text = ""
    var last: String?
    for line in lines where showsUnchanged || line.change != .unchanged {
      if line.destination != last { text += style(.bold, line.destination) + "\n" }
      last = line.destination
      text += "  \(mark(line.change, style)) \(line.artifact): \(words(line))\n"
      for name in line.names where name != line.names.first && line.isWork { text += "      also \(name)\n" }
    }
    return text + summary + "\n"
  }

  private func mark(_ change: ReleaseLine.Change, _ style: Style) -> String {
    switch change {
    case .new: style(.green, "+")
    case .changed: style(.yellow, "~")
    case .uncertain: style(.yellow, "?")
    case .unchanged: "="
    case .retired: style(.red, "-")
    }
  }

  private func words(_ line: ReleaseLine) -> String {
    let name = line.names.first ?? ""
    let size = line.bytes.map { $0 == 0 ? ", nothing to send" : ", \(HumanText.bytes($0)) to send" } ?? ""
    let why =
      line.needsBuild
      ? "must be built: \(ReasonText.summary(line.reasons))"
      : !line.moved.isEmpty
        ? "which somebody else has moved" : lastReasons[line.artifact].map { "built because: \($0)" } ?? "built"
    return switch line.change {
    case .new: "new as \(name), \(why)\(size)"
    case .changed: "changes \(name), \(why)\(size)"
    case .uncertain: "may change \(name): \(ReasonText.summary(line.reasons))"
    case .unchanged: "is published as \(name)"
    case .retired: "nothing is published there any more as \(line.names.joined(separator: ", ")); that stays"
    }
  }

  private var summary: String {
    let words: [(ReleaseLine.Change, String)] = [
      (.new, "new"), (.changed, "changed"), (.uncertain, "may change"), (.unchanged, "unchanged"),
      (.retired, "retired"),
    ]
    let counts = words.compactMap { change, word in
      let count = lines.count { $0.change == change }
      return count == 0 ? nil : "\(count) \(word)"
    }
    guard !counts.isEmpty else { return "nothing is published anywhere" }
    let bytes = lines.compactMap(\.bytes).reduce(0, +)
    let builds = Set(lines.filter { $0.needsBuild && $0.change != .uncertain }.map(\.artifact)).count
    return counts.joined(separator: ", ") + (bytes > 0 ? "; \(HumanText.bytes(bytes)) to send" : "")
      + (builds > 0 ? "; \(builds) to build first" : "")
  }

  // MARK: JSON

  var json: JSONValue {
    ["artifacts": .array(lines.map { line in json(line) }), "incomplete": .bool(pending != nil)]
  }

  private func json(_ line: ReleaseLine) -> JSONValue {
    let names: [JSONValue] = line.names.map { name in
      [
        "name": .string(name), "now": line.seen[name].map { .string("\($0)") } ?? .null,
        "moved": .bool(line.moved.contains(name)),
      ]
    }
    return [
      "id": .string("\(line.artifact)"), "destination": .string(line.destination),
      "change": .string(line.change.rawValue), "names": .array(names),
      "digest": line.target.map { .string("\($0)") } ?? .null, "bytes": line.bytes.map { .integer($0) } ?? .null,
      "needsBuild": .bool(line.needsBuild), "reasons": .reasons(line.reasons),
    ]
  }
}

extension ReleasePlanReport {
  /// With the reasons of the builds that the journal knows.
  init(_ plan: Releasing.Plan, of releasing: Releasing, pending: Release?) {
    self.init(lines: plan.lines, pending: pending)
    guard let entries = try? releasing.workspace.journal.entries() else { return }
    let past = PastBuilds(workspace: releasing.workspace, entries: { entries })
    let wanted = Set(lines.filter { $0.isWork && !$0.needsBuild }.map(\.artifact))
    // The build that made what is to be sent, which need not be the last one.
    let outputs = plan.shipments.values.reduce(into: [:]) { $0[$1.artifact] = $1.output.digest }
    for entry in entries.reversed() where wanted.contains(entry.id) && lastReasons[entry.id] == nil {
      guard entry.outcome == "built", entry.output == outputs[entry.id] else { continue }
      let (reasons, omitted) = past.reasons(of: entry)
      lastReasons[entry.id] = ReasonText.summary(reasons, omitted: omitted)
    }
  }
}
