internal import BuildRecords
internal import ImageModel
internal import JSONText

/// What `coppice list` tells.
struct ListReport: Sendable {
  struct Artifact: Sendable {
    var id: ArtifactID
    /// The definition's directory, as it is shown.
    var definition: String
    /// The definition relative to its `docker/` directory.
    var path: String
    var uses: [ArtifactID] = []
    var orderOnly: [ArtifactID] = []
    var bases: [String] = []
    /// For people: `builtin`, `hides …`; empty for an ordinary one.
    var note = ""
  }

  let artifacts: [Artifact]

  init(_ artifacts: [Artifact]) { self.artifacts = artifacts.sorted { $0.id < $1.id } }

  var json: JSONValue {
    let values: [JSONValue] = artifacts.map { artifact in
      [
        "id": .string("\(artifact.id)"), "kind": .string(artifact.id.kind.rawValue),
        "definition": .string(artifact.path), "directory": .string(artifact.definition), "uses": .ids(artifact.uses),
        "orderOnly": .ids(artifact.orderOnly),
        "bases": .array(artifact.bases.sorted().map { .string($0) }),
      ]
    }
    return ["artifacts": .array(values)]
  }

  func text(style: Style) -> String {
    guard !artifacts.isEmpty else { return "no artifacts\n" }
    var table = Table([.init("ARTIFACT"), .init("MADE FROM"), .init("DEFINITION"), .init("")])
    for artifact in artifacts {
      let sources = artifact.uses.sorted().map(\.description) + artifact.bases.sorted()
      table.add([
        "\(artifact.id)", sources.isEmpty ? "-" : sources.joined(separator: ", "), artifact.definition, artifact.note,
      ])
    }
    return table.text(style: style)
  }
}

extension JSONValue {
  static func reasons(_ reasons: [StaleReason]) -> JSONValue { .array(reasons.map { $0.json() }) }

  /// Sorted, as texts.
  static func ids(_ ids: [ArtifactID]) -> JSONValue { .array(ids.sorted().map { .string("\($0)") }) }
}
