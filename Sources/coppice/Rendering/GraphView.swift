internal import ImageModel

/// What the drawings of a graph need to know, sorted by id.
struct GraphView: Sendable {
  struct Node: Sendable {
    var id: ArtifactID
    /// nil where it was not asked for.
    var state: State?
    var uses: [ArtifactID] = []
    var orderOnly: [ArtifactID] = []
    /// External bases, as they are written.
    var bases: [String] = []

    init(
      _ id: ArtifactID, state: State? = nil, uses: [ArtifactID] = [], orderOnly: [ArtifactID] = [], bases: [String] = []
    ) {
      self.id = id
      self.state = state
      self.uses = uses.sorted()
      self.orderOnly = orderOnly.sorted()
      self.bases = bases.sorted()
    }
  }

  /// The words of `status --json`.
  enum State: String, Sendable {
    case current, stale, may

    init(_ staleness: Staleness) {
      self = staleness == .current ? .current : staleness.isUncertain ? .may : .stale
    }
  }

  let nodes: [Node]

  init(_ nodes: [Node]) { self.nodes = nodes.sorted { $0.id < $1.id } }

  /// Edges to nodes that are drawn, from what is used to what uses it.
  var edges: [(from: ArtifactID, to: ArtifactID, isOrderOnly: Bool)] {
    let drawn = Set(nodes.map(\.id))
    return nodes.flatMap { node in
      node.uses.filter(drawn.contains).map { ($0, node.id, false) }
        + node.orderOnly.filter(drawn.contains).map { ($0, node.id, true) }
    }
  }
}
