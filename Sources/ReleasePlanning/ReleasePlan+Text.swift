package import ImageModel
internal import YAMLText

/// The plan as a file.
extension ReleasePlan {
  static let version = 1

  /// Of everything but the decisions: names the plan, and tells whether somebody has changed more than those.
  package var seal: Digest { .sha256(body) }

  package var text: String {
    let body = body
    let head: YAMLValue = [
      "release_plan": .integer(Self.version), "decisions": decisions.value, "seal": .text("\(Digest.sha256(body))"),
    ]
    return """
      # What `coppice apply` will do, and nothing else. It refuses once the tree, coppice.lock or a destination has moved.
      # `decisions` is yours: lists of artifacts to ignore or to hold back, 'sif/*' or {target: 'sif/*', note: why};
      # `coppice plan --out` keeps them. The seal tells whether anything else was edited.

      """ + YAMLWriter.text(of: head) + body
  }

  private var body: String {
    let body: YAMLValue = [
      "time": .text(DateText.utc(time)), "seconds": .integer(time), "targets": .texts(targets.map(\.description)),
      "destinations": .sequence(destinations.map(\.value)), "builds": .sequence(builds.map(\.value)),
      "lines": .sequence(lines.map(\.value)), "tree": .sequence(sources.map(\.value)),
      "bases": .sequence(bases.map(\.value)),
    ]
    return YAMLWriter.text(of: body)
  }
}

extension ReleasePlan.Place {
  fileprivate var value: YAMLValue {
    [
      "name": .text(name), "definition": .text(definition), "problem": problem.map { .text($0) } ?? .null,
    ]
  }
}

extension ReleasePlan.Build {
  fileprivate var value: YAMLValue {
    var members: [(key: String, value: YAMLValue)] = [
      ("artifact", .text("\(artifact)")), ("certain", .bool(isCertain)), ("expected_seconds", .number(expectedSeconds)),
      ("reasons", .texts(reasons)),
    ]
    if let expectedBytes { members.append(("expected_bytes", .integer(expectedBytes))) }
    return .mapping(members)
  }
}

extension ReleasePlan.Line {
  fileprivate var value: YAMLValue {
    [
      "artifact": .text("\(artifact)"), "destination": .text(destination), "action": .text(action.rawValue),
      "names": .sequence(names.map(\.value)), "to": .digest(to), "bytes": .number(bytes), "reasons": .texts(reasons),
    ]
  }
}

extension ReleasePlan.Name {
  fileprivate var value: YAMLValue {
    ["name": .text(name), "from": .digest(from), "moved_by_others": .bool(isMoved)]
  }
}

extension ReleasePlan.Source {
  fileprivate var value: YAMLValue {
    ["artifact": .text("\(artifact)"), "inputs": .digest(inputs), "recorded": .digest(recorded)]
  }
}

extension ReleasePlan.Base {
  fileprivate var value: YAMLValue { ["base": .text(reference), "pinned": .digest(pinned)] }
}

extension YAMLValue {
  fileprivate static func digest(_ digest: Digest?) -> YAMLValue { digest.map { .text("\($0)") } ?? .null }
  fileprivate static func number(_ number: Int?) -> YAMLValue { number.map { .integer($0) } ?? .null }
  fileprivate static func texts(_ texts: [String]) -> YAMLValue { .sequence(texts.map { .text($0) }) }
}
