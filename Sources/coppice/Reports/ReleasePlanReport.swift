internal import BuildRecords
internal import HostSystem
internal import ImageModel
internal import JSONText
internal import ReleasePlanning

/// What `coppice plan` tells.
struct ReleasePlanReport: Sendable {
  /// By destination, in the order of building.
  var lines: [ReleaseLine]
  var pending: Release?
  /// Destinations that could not be asked.
  var problems: [String: Failure] = [:]
  var rulings: [ArtifactID: Decisions.Ruling] = [:]
  /// In a few words: why a line that is built was, or why another one is stale.
  var causes: [ReleasePlan.Line.Key: String] = [:]
  /// All reasons, where they are to be shown.
  var chains: [ReleasePlan.Line.Key: [String]] = [:]
  /// Of names that somebody else has moved: the last release that had them.
  var movedSince: [OwnChanges.NameAtPlace: String] = [:]
  /// The builds to come.
  var builds: [ReleasePlan.Build] = []
  /// Where the builds put what they make.
  var freeBytes: Int?

  /// What is to be done, but for what people hold back.
  var work: [ReleaseLine] { lines.filter { $0.isWork && rulings[$0.artifact] == nil } }
  var hasWork: Bool { !work.isEmpty }

  var warnings: [Diagnostic] {
    var warnings = lines.flatMap { line in
      line.moved.map { name in
        Diagnostic(
          .warning,
          "somebody else has moved \(name) since the release \(movedSince[.init(name, at: line.destination)] ?? "")",
          help: "look what it is; 'coppice publish --overwrite' takes it back")
      }
    }
    warnings += problems.sorted { $0.key < $1.key }.map { name, failure in
      Diagnostic(.warning, "the destination '\(name)' cannot be asked: \(failure.message)", help: failure.help)
    }
    if let pending { warnings.append(warning(of: pending)) }
    if let freeBytes, expectedBytes > freeBytes {
      warnings.append(
        Diagnostic(
          .warning,
          "the builds need about \(HumanText.bytes(expectedBytes)) of disk, and \(HumanText.bytes(freeBytes)) are free",
          help: "'coppice gc' removes what nothing needs any more"))
    }
    return warnings
  }

  /// Of a release that has begun and not ended: what became of its names, as far as this plan has asked.
  private func names(of pending: Release) -> (switched: [Release.Entry], left: [Release.Entry]) {
    var (switched, left): ([Release.Entry], [Release.Entry]) = ([], [])
    for entry in pending.entries {
      let line = lines.first { $0.destination == entry.destination && $0.names.contains(entry.change.name) }
      guard let line, line.change != .unknown else { continue }
      if line.seen[entry.change.name] == entry.change.to { switched.append(entry) } else { left.append(entry) }
    }
    return (switched, left)
  }

  private func warning(of pending: Release) -> Diagnostic {
    let (switched, left) = names(of: pending)
    func list(_ entries: [Release.Entry]) -> String {
      entries.isEmpty ? "no name" : entries.map(\.change.name).joined(separator: ", ")
    }
    if let undone = pending.undone {
      return Diagnostic(
        .warning,
        "the release \(undone) is being taken back, which has not ended: \(list(switched)) went back, \(list(left)) not",
        help: "'coppice publish --rollback' goes on with it")
    }
    let verb = pending.plan == nil ? "publish" : "apply' of its plan or 'coppice publish"
    return Diagnostic(
      .warning,
      "a release of \(DateText.utc(pending.time)) has not been completed: \(list(switched)) switched, \(list(left)) not",
      help: "'coppice \(verb)' completes it, 'coppice publish --rollback' takes it back")
  }

  /// - Throws: when a destination could not be asked.
  func checkReachable() throws(Failure) {
    if let failure = problems.min(by: { $0.key < $1.key })?.value { throw failure }
  }

  /// - Throws: when somebody else has moved a name that would be moved.
  func checkUnmoved(overwrites: Bool) throws(Failure) {
    let moved = work.flatMap(\.moved)
    guard moved.isEmpty || overwrites else {
      throw Failure(
        "somebody else has moved \(moved.joined(separator: ", ")) since the last release",
        help: "look what it is; --overwrite publishes all the same")
    }
  }

  // MARK: Text

  func text(style: Style, showsUnchanged: Bool) -> String {
    var text = ""
    var last: String?
    for line in lines where showsUnchanged || line.change != .unchanged {
      if rulings[line.artifact]?.kind == .ignore, !showsUnchanged { continue }
      if line.destination != last { text += style(.bold, line.destination) + "\n" }
      last = line.destination
      text += "  \(mark(line.change, style)) \(line.artifact): \(words(line))\n"
      for name in line.names where name != line.names.first && line.isWork { text += "      also \(name)\n" }
      for reason in chains[line.key] ?? [] { text += "      \(style(.faint, reason))\n" }
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
    case .unknown: style(.red, "!")
    }
  }

  private func words(_ line: ReleaseLine) -> String {
    let name = line.names.first ?? ""
    let size = line.bytes.map { $0 == 0 ? ", nothing to send" : ", \(HumanText.bytes($0)) to send" } ?? ""
    let cause = causes[line.key] ?? ReasonText.summary(line.reasons)
    let why =
      line.needsBuild
      ? "must be built: \(cause)\(time(of: line.artifact))"
      : !line.moved.isEmpty
        ? "which somebody else has moved" : causes[line.key].map { "built because: \($0)" } ?? "built"
    let words =
      switch line.change {
      case .new: "new as \(name), \(why)\(size)"
      case .changed: "changes \(name), \(why)\(size)"
      case .uncertain: "may change \(name): \(cause)\(time(of: line.artifact))"
      case .unchanged: "is published as \(name)"
      case .retired: "nothing is published there any more as \(line.names.joined(separator: ", ")); that stays"
      case .unknown: "unknown: \(problems[line.destination].map { TerminalText.oneLine($0.message) } ?? "")"
      }
    guard let ruling = rulings[line.artifact] else { return words }
    let note = ruling.note.map { ": " + TerminalText.oneLine($0) } ?? ""
    return (ruling.kind == .hold ? "held back\(note); else " : "ignored\(note); else ") + words
  }

  private func time(of id: ArtifactID) -> String {
    guard let seconds = builds.first(where: { $0.artifact == id })?.expectedSeconds else { return "" }
    return ", about \(HumanText.duration(.seconds(seconds)))"
  }

  /// In one line.
  var summary: String {
    let words: [(ReleaseLine.Change, String)] = [
      (.new, "new"), (.changed, "changed"), (.uncertain, "may change"), (.unchanged, "unchanged"),
      (.retired, "retired"), (.unknown, "unknown"),
    ]
    let counted = lines.filter { rulings[$0.artifact] == nil }
    var counts = words.compactMap { change, word in
      let count = counted.count { $0.change == change }
      return count == 0 ? nil : "\(count) \(word)"
    }
    for (kind, word) in [(Decisions.Ruling.Kind.hold, "held back"), (.ignore, "ignored")] {
      let count = lines.count { rulings[$0.artifact]?.kind == kind }
      if count > 0 { counts.append("\(count) \(word)") }
    }
    guard !counts.isEmpty else { return "nothing is published anywhere" }
    let bytes = counted.compactMap(\.bytes).reduce(0, +)
    let build = Set(work.filter { $0.needsBuild && $0.change != .uncertain }.map(\.artifact)).count
    var text = counts.joined(separator: ", ")
    if bytes > 0 || laterBytes > 0 {
      let later = laterBytes > 0 ? "up to \(HumanText.bytes(laterBytes)) once the rest is built" : ""
      let now = bytes > 0 ? "\(HumanText.bytes(bytes)) to send" : "to send"
      text += "; " + [now, later].filter { !$0.isEmpty }.joined(separator: bytes > 0 ? ", and " : " ")
    }
    if build > 0 { text += "; \(build) to build first" + expected }
    guard expectedBytes > 0 else { return text }
    let free = freeBytes.map { ", of \(HumanText.bytes($0)) that are free" } ?? ""
    return text + "; about \(HumanText.bytes(expectedBytes)) of disk for the builds" + free
  }

  /// No more than this is to be sent of what must be built first.
  private var laterBytes: Int { work.compactMap(\.laterBytes).reduce(0, +) }
  /// What the last builds of those to come have taken.
  private var expectedBytes: Int { builds.compactMap(\.expectedBytes).reduce(0, +) }

  /// What is known of how long the builds take, one after the other.
  private var expected: String {
    let certain = builds.filter(\.isCertain)
    let known = certain.compactMap(\.expectedSeconds)
    guard !known.isEmpty, known.count == certain.count else { return "" }
    return " (\(HumanText.duration(.seconds(known.reduce(0, +)))) last time)"
  }

  // MARK: JSON

  private var totals: JSONValue {
    let seconds = builds.filter(\.isCertain).compactMap(\.expectedSeconds).reduce(0, +)
    return [
      "bytes": .integer(work.compactMap(\.bytes).reduce(0, +)), "laterBytes": .integer(laterBytes),
      "seconds": .integer(seconds), "diskBytes": .integer(expectedBytes),
      "freeBytes": freeBytes.map { .integer($0) } ?? .null,
    ]
  }

  var json: JSONValue {
    [
      "artifacts": .array(lines.map { line in json(line) }), "incomplete": .bool(pending != nil),
      "pending": pending.map(json) ?? .null, "totals": totals,
      "actions": .array(builds.map(action) + lines.map(action)),
      "problems": .array(
        problems.sorted { $0.key < $1.key }.map { name, failure in
          ["destination": .string(name), "message": .string(failure.message)]
        }),
    ]
  }

  private func json(_ pending: Release) -> JSONValue {
    func list(_ entries: [Release.Entry]) -> JSONValue {
      .array(entries.map { ["name": .string($0.change.name), "destination": .string($0.destination)] })
    }
    let (switched, left) = names(of: pending)
    return [
      "time": .string(DateText.utc(pending.time)), "undone": pending.undone.map { .string($0) } ?? .null,
      "switched": list(switched), "left": list(left),
    ]
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
      "laterBytes": line.laterBytes.map { .integer($0) } ?? .null,
      "needsBuild": .bool(line.needsBuild), "reasons": .reasons(line.reasons),
      "decision": rulings[line.artifact].map { .string($0.kind.rawValue) } ?? .null,
      "why": chains[line.key].map { .array($0.map { .string($0) }) } ?? .null,
    ]
  }

  private func action(_ build: ReleasePlan.Build) -> JSONValue {
    let words: [JSONValue] = build.reasons.map { .string($0) }
    return [
      "id": .string("\(build.artifact)"), "action": "build", "certainty": build.isCertain ? "certain" : "may",
      "reasons": .array(words), "seconds": build.expectedSeconds.map { .integer($0) } ?? .null,
      "bytes": build.expectedBytes.map { .integer($0) } ?? .null,
    ]
  }

  private func action(_ line: ReleaseLine) -> JSONValue {
    let action =
      rulings[line.artifact]?.kind.rawValue ?? (line.isWork ? "publish" : line.action.rawValue)
    return [
      "id": .string("\(line.artifact)"), "destination": .string(line.destination), "action": .string(action),
      "certainty": line.change == .uncertain ? "may" : "certain", "reasons": .reasons(line.reasons),
      "bytes": line.bytes.map { .integer($0) } ?? .null,
    ]
  }
}

extension ReleasePlanReport {
  /// - Parameter plan: where it was made already; its reasons are shown when `isWhole`.
  init(
    _ draft: ReleaseDraft, of releasing: Releasing, _ reasons: ReleaseReasons,
    rulings: [ArtifactID: Decisions.Ruling], plan: ReleasePlan? = nil, isWhole: Bool = false
  ) throws {
    self.init(
      lines: draft.lines, pending: try releasing.history.pending(), problems: draft.problems, rulings: rulings)
    for line in lines where line.isWork {
      causes[line.key] = line.needsBuild ? reasons.cause(of: line) : reasons.summary(of: line)
    }
    if lines.contains(where: { !$0.moved.isEmpty }) {
      for release in try releasing.history.releases() {
        for entry in release.entries { movedSince[.init(entry.change.name, at: entry.destination)] = release.name }
      }
    }
    builds = plan?.builds ?? []
    if !builds.isEmpty {
      let workspace = releasing.workspace
      // The store may not be there yet.
      let place = [workspace.storePath, workspace.repository].first {
        (try? workspace.files.statusIfPresent(of: $0)) != nil
      }
      freeBytes = place.flatMap { try? workspace.files.freeSpace(at: $0) }
    }
    if isWhole { for line in plan?.lines ?? [] where !line.reasons.isEmpty { chains[line.key] = line.reasons } }
  }
}
