package import ImageModel
package import JSONText

/// Reasons as other programs read them (docs/manual.md, "JSON"); it changes only by adding.
extension StaleReason {
  /// - Parameter limit: how many changed inputs are listed; the rest is counted in `more`.
  package func json(limit: Int = .max) -> JSONValue {
    switch self {
    case .neverBuilt: return ["kind": "neverBuilt"]
    case .outputMissing(let what): return ["kind": "outputMissing", "what": .string(what)]
    case .outputDamaged(let what): return ["kind": "outputDamaged", "what": .string(what)]
    case .inputsChanged(let changes):
      var object = JSONObject([
        ("kind", "inputsChanged"), ("changes", .array(changes.prefix(limit).map(\.json))),
      ])
      if changes.count > limit { object["more"] = .integer(changes.count - limit) }
      return .object(object)
    case .upstreamWillRebuild(let id): return ["kind": "upstreamWillRebuild", "id": .string(id.description)]
    case .upstreamChanged(let id, let from, let to):
      return [
        "kind": "upstreamChanged", "id": .string(id.description), "from": .string(from.description),
        "to": .string(to.description),
      ]
    case .baseMoved(let reference, let from, let to):
      return [
        "kind": "baseMoved", "reference": .string(reference), "from": .string(from.description),
        "to": .string(to.description),
      ]
    case .forced(let reason): return ["kind": "forced", "reason": .string(reason)]
    case .tooOld(let since): return ["kind": "tooOld", "since": .integer(since)]
    }
  }

  /// Reads a reason back; nil for a kind that this version does not know.
  package init?(json: JSONValue) {
    let id = json["id"]?.string.flatMap { ArtifactID($0) }
    let from = json["from"]?.string.flatMap { Digest($0) }
    let to = json["to"]?.string.flatMap { Digest($0) }
    switch json["kind"]?.string {
    case "neverBuilt": self = .neverBuilt
    case "outputMissing": self = .outputMissing(json["what"]?.string ?? "")
    case "outputDamaged": self = .outputDamaged(json["what"]?.string ?? "")
    case "inputsChanged": self = .inputsChanged((json["changes"]?.array ?? []).compactMap(InputChange.init(json:)))
    case "upstreamWillRebuild":
      guard let id else { return nil }
      self = .upstreamWillRebuild(id)
    case "upstreamChanged":
      guard let id, let from, let to else { return nil }
      self = .upstreamChanged(id, from: from, to: to)
    case "baseMoved":
      guard let reference = json["reference"]?.string, let from, let to else { return nil }
      self = .baseMoved(reference, from: from, to: to)
    case "forced": self = .forced(json["reason"]?.string ?? "")
    case "tooOld": self = .tooOld(since: json["since"]?.integer ?? 0)
    default: return nil
    }
  }
}

extension InputChange {
  /// Files have a `path` relative to the definition's directory, everything else a `name`.
  package var json: JSONValue {
    var object = JSONObject([("what", .string(group.rawValue))])
    object["change"] = .string(kind.rawValue)
    if group.isSequence {
      if let file = location?.file.name.description ?? (group == .dockerfile ? "Dockerfile" : nil) {
        object["path"] = .string(file)
      }
      if let line = location?.line, line > 0 { object["line"] = .integer(line) }
    } else if !name.isEmpty {
      object[group == .context ? "path" : "name"] = .string(name)
    }
    if let before { object["before"] = .string(before) }
    if let after { object["after"] = .string(after) }
    if !group.isSequence, let location { object["location"] = location.json }
    if !causes.isEmpty { object["causes"] = .array(causes.map(\.json)) }
    if !diff.isEmpty { object["diff"] = .array(diff.map { .string($0) }) }
    return .object(object)
  }

  /// Reads a change back as the journal has it: what `explain` adds is never kept there.
  package init?(json: JSONValue) {
    guard let group = json["what"]?.string.flatMap(InputGroup.init(rawValue:)),
      let kind = json["change"]?.string.flatMap(Kind.init(rawValue:))
    else { return nil }
    let path = json["path"]?.string
    self.init(
      group, kind, group == .context ? path ?? "" : json["name"]?.string ?? "", before: json["before"]?.string,
      after: json["after"]?.string,
      location: group == .dockerfile
        ? path.map { SourceLocation(file: FilePath($0), line: json["line"]?.integer ?? 0) }
        : json["location"].flatMap(SourceLocation.init))
  }
}

extension InputCause {
  var json: JSONValue {
    switch self {
    case .ignoreFile(let name): return ["kind": "ignoreFile", "path": .string(name)]
    case .parameter(let name, let before, let after, let location):
      var object = JSONObject([("kind", "parameter"), ("name", .string(name))])
      if let before { object["before"] = .string(before) }
      if let after { object["after"] = .string(after) }
      if let location { object["location"] = location.json }
      return .object(object)
    case .target(let before, let after, let location):
      var object = JSONObject([("kind", "target")])
      if let before { object["before"] = .string(before) }
      if let after { object["after"] = .string(after) }
      object["location"] = location.json
      return .object(object)
    case .meaning(let instruction): return ["kind": "meaning", "instruction": .string(instruction)]
    }
  }
}

extension SourceLocation {
  /// By the file's name alone: the definition's directory is known, and a repository may move.
  var json: JSONValue {
    ["file": .string(file.name.description), "line": .integer(line), "column": .integer(column)]
  }

  init?(json: JSONValue) {
    guard let file = json["file"]?.string else { return nil }
    self.init(file: FilePath(file), line: json["line"]?.integer ?? 0, column: json["column"]?.integer ?? 0)
  }
}
