internal import ImageModel

extension GraphView {
  /// Text: what uses nothing else first, what is made from it indented below; what has been shown with its dependents
  /// is only named again.
  func tree(style: Style = .plain) -> String {
    var dependents: [ArtifactID: [(id: ArtifactID, isOrderOnly: Bool)]] = [:]
    var hasUpstream: Set<ArtifactID> = []
    for edge in edges {
      dependents[edge.from, default: []].append((edge.to, edge.isOrderOnly))
      hasUpstream.insert(edge.to)
    }
    let known = Dictionary(nodes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var text = ""
    var shown: Set<ArtifactID> = []

    func show(_ id: ArtifactID, isOrderOnly: Bool, first: String, rest: String) {
      let below = dependents[id] ?? []
      let isRepeated = !shown.insert(id).inserted
      text += first + label(known[id] ?? Node(id), style)
      if isOrderOnly { text += style(.faint, " (order only)") }
      if isRepeated, !below.isEmpty { text += style(.faint, " (shown above)") }
      text += "\n"
      if isRepeated { return }
      for (index, dependent) in below.enumerated() {
        let isLast = index == below.count - 1
        show(
          dependent.id, isOrderOnly: dependent.isOrderOnly, first: rest + (isLast ? "└─ " : "├─ "),
          rest: rest + (isLast ? "   " : "│  "))
      }
    }
    for node in nodes where !hasUpstream.contains(node.id) { show(node.id, isOrderOnly: false, first: "", rest: "") }
    return text
  }

  private func label(_ node: Node, _ style: Style) -> String {
    var text =
      switch node.state {
      case .stale: style(.red, "\(node.id)") + " stale"
      case .may: style(.yellow, "\(node.id)") + " may be built"
      case .current, nil: "\(node.id)"
      }
    if !node.bases.isEmpty { text += style(.faint, " (from " + node.bases.joined(separator: ", ") + ")") }
    return text
  }
}
