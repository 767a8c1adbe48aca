internal import ImageModel
internal import JSONText

extension GraphView {
  /// For graphviz: arrows from what is used to what uses it, dashed where only the order counts.
  var dot: String {
    var lines = ["digraph coppice {", "  rankdir=LR;", "  node [shape=box, fontname=\"sans-serif\"];"]
    for base in Set(nodes.flatMap(\.bases)).sorted() {
      lines.append("  \(Self.quoted("base " + base)) [label=\(Self.quoted(base)), shape=ellipse, style=dotted];")
    }
    for node in nodes {
      let style = node.state.flatMap(Self.dotStyle).map { " [\($0)]" } ?? ""
      lines.append("  \(Self.quoted("\(node.id)"))\(style);")
    }
    for node in nodes {
      lines += node.bases.map { "  \(Self.quoted("base " + $0)) -> \(Self.quoted("\(node.id)")) [style=dotted];" }
    }
    for edge in edges {
      let style = edge.isOrderOnly ? " [style=dashed]" : ""
      lines.append("  \(Self.quoted("\(edge.from)")) -> \(Self.quoted("\(edge.to)"))\(style);")
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// For web pages and wikis.
  var mermaid: String {
    let bases = Set(nodes.flatMap(\.bases)).sorted()
    // Mermaid's own names take few characters only.
    let names = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.id, "n\($0)") })
    let baseNames = Dictionary(uniqueKeysWithValues: bases.enumerated().map { ($1, "b\($0)") })
    var lines = ["flowchart LR"]
    for base in bases { lines.append("  \(baseNames[base] ?? "")([\"\(Self.entities(base))\"])") }
    for node in nodes {
      let state = node.state.map { ":::\($0.rawValue)" } ?? ""
      lines.append("  \(names[node.id] ?? "")[\"\(Self.entities("\(node.id)"))\"]\(state)")
    }
    for node in nodes {
      lines += node.bases.map { "  \(baseNames[$0] ?? "") --> \(names[node.id] ?? "")" }
    }
    for edge in edges {
      lines.append("  \(names[edge.from] ?? "") \(edge.isOrderOnly ? "-.->" : "-->") \(names[edge.to] ?? "")")
    }
    if nodes.contains(where: { $0.state != nil }) {
      lines += [
        "  classDef current fill:#e6f4ea,stroke:#34a853", "  classDef stale fill:#fce8e6,stroke:#d93025",
        "  classDef may fill:#fef7e0,stroke:#f9ab00",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The artifacts as `list --json` has them, with their states where known.
  var json: JSONValue {
    let artifacts = nodes.map { node in
      var object = JSONObject([("id", .string("\(node.id)")), ("kind", .string(node.id.kind.rawValue))])
      if let state = node.state { object.append("state", .string(state.rawValue)) }
      object.append("uses", .array(node.uses.map { .string("\($0)") }))
      object.append("orderOnly", .array(node.orderOnly.map { .string("\($0)") }))
      object.append("bases", .array(node.bases.map { .string($0) }))
      return JSONValue.object(object)
    }
    return ["artifacts": .array(artifacts)]
  }

  private static func dotStyle(_ state: State) -> String? {
    switch state {
    case .current: "color=darkgreen"
    case .stale: "color=red, penwidth=2"
    case .may: "color=orange"
    }
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
  }

  private static func entities(_ text: String) -> String {
    text.map { $0 == "\"" ? "#quot;" : $0 == "<" ? "#lt;" : $0 == "#" ? "#35;" : String($0) }.joined()
  }
}
