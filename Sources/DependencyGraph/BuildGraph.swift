package import ImageModel

/// Which step is made from which: immutable, acyclic, every upstream before its dependents.
package struct BuildGraph: Sendable {
  /// One step and its edges.
  package struct Node: Sendable {
    package var id: ArtifactID
    package var location: SourceLocation
    package var definitionPath: String
    package var names: [ImageReference]
    /// What it is made from, sorted: a change there may be a change here.
    package var uses: [ArtifactID]
    /// Declared but not used, sorted: built before, never a reason to rebuild.
    package var orderOnly: [ArtifactID]
    /// Images that no definition makes, in order of appearance, each canonical reference once.
    package var bases: [ImageUse]
    /// How each use of a Dockerfile is served, in order of appearance: by a step, or nil for a base.
    package var resolution: [(use: ImageUse, step: ArtifactID?)]
  }

  /// In build order.
  package let order: [ArtifactID]
  /// Sorted by id.
  private let nodes: [Node]
  private let places: [ArtifactID: Int]
  /// By the places of `nodes`, sorted.
  private let dependents: [[ArtifactID]]

  /// - Parameters:
  ///   - nodes: sorted by id.
  ///   - places: of each id in `nodes`.
  /// - Precondition: the edges of `nodes` are acyclic and lead to nodes.
  init(nodes: [Node], places: [ArtifactID: Int]) {
    (self.nodes, self.places) = (nodes, places)
    var dependents = [[ArtifactID]](repeating: [], count: nodes.count)
    for node in nodes {
      for upstream in node.uses { if let place = places[upstream] { dependents[place].append(node.id) } }
    }
    self.dependents = dependents
    let before = nodes.map { node in (node.uses + node.orderOnly).compactMap { places[$0] } }
    order = Traversal.order(before: before).map { nodes[$0].id }
  }

  package subscript(id: ArtifactID) -> Node? { places[id].map { nodes[$0] } }
  package var count: Int { nodes.count }

  /// The steps made directly from `id`, sorted.
  package func dependents(of id: ArtifactID) -> [ArtifactID] { places[id].map { dependents[$0] } ?? [] }

  /// The steps that `id` is made from, sorted, as its node has them.
  package func uses(of id: ArtifactID) -> [ArtifactID] { places[id].map { nodes[$0].uses } ?? [] }

  /// `roots` and everything that they are made from, order-only upstreams too when asked.
  package func upstream(of roots: some Sequence<ArtifactID>, withOrderOnly: Bool = false) -> Set<ArtifactID> {
    Traversal.reachable(from: roots) { id in
      guard withOrderOnly, let node = self[id] else { return uses(of: id) }
      return node.uses + node.orderOnly
    }
  }

  /// `roots` and everything made from them.
  package func downstream(of roots: some Sequence<ArtifactID>) -> Set<ArtifactID> {
    Traversal.reachable(from: roots, dependents(of:))
  }
}
