internal import BuildEngine
internal import ImageModel
internal import JSONText

/// What `coppice build --dry-run` tells.
struct PlanReport: Sendable {
  var steps: [PlannedStep]
  var expected: Duration?

  /// The steps in build order, with the words of `status --json`.
  var json: JSONValue {
    let values: [JSONValue] = steps.map { step in
      let isUncertain = Staleness.stale(step.reasons).isUncertain
      return [
        "id": .string("\(step.id)"), "state": .string(isUncertain ? "may" : "stale"),
        "restorable": .bool(step.isRestorable), "reasons": .reasons(step.reasons),
      ]
    }
    return ["steps": .array(values)]
  }

  func text(style: Style) -> String {
    guard !steps.isEmpty else { return "nothing to build: everything asked for is current\n" }
    var text = ""
    for (index, step) in steps.enumerated() {
      let isUncertain = Staleness.stale(step.reasons).isUncertain
      let verb =
        step.isRestorable
        ? "would be restored from the store"
        : isUncertain ? style(.yellow, "may be \(step.id.kind.participle)") : "would be \(step.id.kind.participle)"
      let time = step.expected.map { ", about \(HumanText.duration($0))" } ?? ""
      text += "[\(index + 1)/\(steps.count)] \(style(.bold, "\(step.id)")) \(verb)\(time)\n"
      for line in ReasonText.lines(step.reasons) { text += "      \(line)\n" }
    }
    let restored = steps.count(where: \.isRestorable)
    let may = steps.count { !$0.isRestorable && Staleness.stale($0.reasons).isUncertain }
    let counts = [(steps.count - restored - may, "to build"), (may, "may be built"), (restored, "to restore")]
      .compactMap { count, what in count > 0 ? "\(count) \(what)" : nil }
    return text + counts.joined(separator: ", ") + (expected.map { ", about \(HumanText.duration($0))" } ?? "") + "\n"
  }
}

extension ArtifactKind {
  fileprivate var participle: String {
    switch self {
    case .docker, .vbox: "built"
    case .generate: "generated"
    case .sif: "converted"
    }
  }
}
