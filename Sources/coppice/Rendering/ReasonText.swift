internal import BuildRecords
internal import ImageModel

/// Why a step must run, in one line for each reason.
enum ReasonText {
  /// Every reason, and every change of inputs, on a line of its own.
  static func lines(_ reasons: [StaleReason]) -> [String] {
    reasons.flatMap { reason in
      if case .inputsChanged(let changes) = reason, !changes.isEmpty {
        Self.changes(changes).map(\.line)
      } else {
        [line(reason)]
      }
    }
  }

  /// A line for each change, where a file that has only another name is one change, and so are the instructions of a
  /// Dockerfile and the file itself in the context.
  static func changes(_ changes: [InputChange]) -> [(line: String, change: InputChange)] {
    let renamed = Renames(changes)
    let hasInstructions = changes.contains { $0.group == .dockerfile && ($0.before ?? $0.after) != nil }
    return changes.compactMap { change in
      if renamed.isOldName(change) { return nil }
      if hasInstructions, isTextOfDockerfile(change) { return nil }
      guard let before = renamed.oldName(of: change) else { return (ChangeText.line(change), change) }
      let (old, new) = (TerminalText.oneLine(before), TerminalText.oneLine(change.name))
      return ("context file renamed \(old) → \(new)", change)
    }
  }

  private static func isTextOfDockerfile(_ change: InputChange) -> Bool {
    guard change.group == .context, change.name == "Dockerfile",
      case .file(let before, _)? = change.before.flatMap({ ContextValue($0) }),
      case .file(let after, _)? = change.after.flatMap({ ContextValue($0) })
    else { return false }
    return before == after
  }

  /// In which paths an output differs from the one before without a cause that is told; empty when in none.
  static func nearMiss(_ paths: [String], _ reasons: [StaleReason], from other: String) -> String {
    if paths.isEmpty { return "" }
    let beyond = reasons.contains { $0.isOfInputs } ? "beyond what was changed only" : "only"
    return "near miss: \(beyond) these paths differ from \(other): " + paths.map(clean).joined(separator: ", ")
  }

  /// The first reason, and how many more there are.
  static func summary(_ reasons: [StaleReason], omitted: Int = 0) -> String {
    let lines = lines(reasons)
    guard let first = lines.first else { return "not current" }
    let others = lines.count - 1 + omitted
    return others == 0 ? first : "\(first) (and \(others) more)"
  }

  static func line(_ reason: StaleReason) -> String {
    switch reason {
    case .neverBuilt: "never built"
    case .outputMissing(let what): what.isEmpty ? "the output is missing" : "missing: \(clean(what))"
    case .outputDamaged(let what): what.isEmpty ? "the output is damaged" : "damaged: \(clean(what))"
    case .inputsChanged(let changes):
      changes.isEmpty ? "inputs changed" : Self.changes(changes).map(\.line).joined(separator: "; ")
    case .upstreamWillRebuild(let id): "upstream \(id) will be built"
    case .upstreamChanged(let id, let from, let to):
      "upstream \(id) changed \(ChangeText.short(from)) → \(ChangeText.short(to))"
    case .baseMoved(let reference, let from, let to):
      "base \(clean(reference)) moved \(ChangeText.short(from)) → \(ChangeText.short(to))"
    case .forced(let reason): reason.isEmpty ? "forced" : "forced: \(clean(reason))"
    case .tooOld(let since): "older than max_age allows: last built from scratch on \(DateText.utc(since))"
    }
  }

  private static func clean(_ text: String) -> String { TerminalText.oneLine(text) }
}

/// Files that went while others with the same contents came.
private struct Renames {
  private var oldNames: [String: String] = [:]
  private var names: Set<String> = []

  init(_ changes: [InputChange]) {
    var removed: [Digest: [String]] = [:]
    for change in changes where change.kind == .removed {
      if let digest = Self.digest(change.before) { removed[digest, default: []].append(change.name) }
    }
    guard !removed.isEmpty else { return }
    for change in changes where change.kind == .added {
      // One that the ignore file has let in or kept out was not renamed.
      guard change.causes.isEmpty, let digest = Self.digest(change.after), let old = removed[digest]?.first else {
        continue
      }
      removed[digest]?.removeFirst()
      oldNames[change.name] = old
      names.insert(old)
    }
  }

  /// Of a file of the context; empty ones are all alike.
  private static func digest(_ value: String?) -> Digest? {
    let digest = value.flatMap { ContextValue($0) }?.digest
    return digest == .sha256("") ? nil : digest
  }

  func isOldName(_ change: InputChange) -> Bool {
    change.group == .context && change.kind == .removed && names.contains(change.name)
  }

  func oldName(of change: InputChange) -> String? {
    change.group == .context && change.kind == .added ? oldNames[change.name] : nil
  }
}
