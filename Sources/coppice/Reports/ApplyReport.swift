internal import ImageModel
internal import JSONText
internal import ReleasePlanning

/// What `coppice apply` tells.
struct ApplyReport: Sendable {
  let plan: ReleasePlan
  /// Why the plan does not hold any more.
  var movements: [Movement] = []
  var builds: [ArtifactID] = []
  var lines: [ReleaseLine] = []
  var release: Release?
  var isApplied = false

  var refusal: [Diagnostic] {
    movements.map { Diagnostic(.error, TerminalText.oneLine($0.message)) } + [
      Diagnostic(
        .note, "the plan of \(DateText.utc(plan.time)) does not hold any more, and nothing was published",
        help: "look at a new one: `coppice plan --out` keeps the decisions")
    ]
  }

  init(plan: ReleasePlan) { self.plan = plan }

  var json: JSONValue {
    let moved: [JSONValue] = movements.map { movement in
      ["kind": .string(movement.kind.rawValue), "message": .string(movement.message)]
    }
    let publish: [JSONValue] = lines.map { line in
      [
        "id": .string("\(line.artifact)"), "destination": .string(line.destination),
        "certainty": line.change == .uncertain ? "may" : "certain",
        "names": .array(line.names.map { .string($0) }),
      ]
    }
    return [
      "plan": .string("\(plan.seal)"), "moved": .array(moved), "build": .array(builds.map { .string("\($0)") }),
      "publish": .array(publish), "applied": .bool(isApplied),
      "release": release.map { .string($0.name) } ?? .null,
    ]
  }
}
