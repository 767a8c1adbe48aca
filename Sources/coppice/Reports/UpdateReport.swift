internal import BuildRecords
internal import ImageModel
internal import JSONText

/// What `coppice update` has found.
struct UpdateReport {
  /// One base on one platform, before and after.
  struct Change: Sendable {
    var key: Lockfile.BaseKey
    var before: PinnedBase?
    var after: PinnedBase?
    var failure: Failure?
    /// What uses it: the next build makes these anew, if it moved.
    var users: [ArtifactID]
    /// What is made from those, and is made anew where they come out different.
    var dependents: [ArtifactID]

    var isMove: Bool { after != nil && (after?.digest != before?.digest || after?.isLocal != before?.isLocal) }
    /// Whether the lockfile says more now, or something else.
    var isNews: Bool { after != nil && after != before }
    fileprivate var name: String { "\(key.reference) (\(key.platform))" }
  }

  /// Sorted.
  var changes: [Change]
  var isDryRun: Bool

  /// What could not be asked for.
  var warnings: [Diagnostic] {
    changes.compactMap { change in
      guard let failure = change.failure else { return nil }
      let kept = change.before.map { "it keeps its pin \(Self.short($0))" } ?? "it stays unpinned"
      return Diagnostic(
        .warning, "\(change.name): \(failure.message); \(kept)", at: failure.location, help: failure.help)
    }
  }

  func text(isVerbose: Bool) -> String {
    var text = ""
    for change in changes {
      guard let after = change.after else { continue }
      if change.isMove {
        let move = change.before.map { "\(Self.short($0)) → \(Self.short(after))" } ?? "pinned \(Self.short(after))"
        text += "\(change.name): \(move)\n  \(isDryRun ? "would rebuild" : "rebuilds") \(Self.list(change.users))\n"
        if !change.dependents.isEmpty {
          text += "  then, where those come out different, \(Self.list(change.dependents))\n"
        }
      } else if change.isNews {
        text += "\(change.name): \(Self.short(after)), not moved; what it does in builds is recorded anew\n"
      } else if isVerbose {
        text += "\(change.name): \(Self.short(after)), not moved\n"
      }
    }
    let moved = changes.count(where: \.isMove)
    return text + "\(moved) of \(HumanText.count(changes.count, "base")) \(isDryRun ? "would move" : "moved")\n"
  }

  var json: JSONValue { ["bases": .array(changes.map(\.json))] }

  private static func short(_ pin: PinnedBase) -> String {
    "sha256:\(pin.digest.short)…" + (pin.isLocal ? " (an image that only the engine has)" : "")
  }

  private static func list(_ ids: [ArtifactID]) -> String { ids.map(\.description).joined(separator: ", ") }
}

extension UpdateReport.Change {
  fileprivate var json: JSONValue {
    var object = JSONObject([
      ("reference", .string(key.reference)), ("platform", .string(key.platform.description)),
      ("from", before.map { .string($0.digest.description) } ?? .null),
      ("to", (after ?? before).map { .string($0.digest.description) } ?? .null), ("moved", .bool(isMove)),
      ("artifacts", .array((users + dependents).sorted().map { .string($0.description) })),
      ("users", .array(users.map { .string($0.description) })),
    ])
    if let failure { object["error"] = .string(failure.message) }
    return .object(object)
  }
}
