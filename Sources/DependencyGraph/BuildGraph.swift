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
  private let nodes: [ArtifactID: Node]
  private let dependents: [ArtifactID: [ArtifactID]]

  /// - Precondition: the edges of `nodes` are acyclic and lead to nodes.
  init(nodes: [ArtifactID: Node]) {
    self.nodes = nodes
    var dependents: [ArtifactID: [ArtifactID]] = [:]
    for id in nodes.keys.sorted() {
      for upstream in nodes[id]?.uses ?? [] { dependents[upstream, default: []].append(id) }
    }
    self.dependents = dependents
    order = Traversal.order(nodes.keys.sorted()) { id in (nodes[id]?.uses ?? []) + (nodes[id]?.orderOnly ?? []) }
  }

  package subscript(id: ArtifactID) -> Node? { nodes[id] }
  package var count: Int { nodes.count }

  /// The steps made directly from `id`, sorted.
  package func dependents(of id: ArtifactID) -> [ArtifactID] { dependents[id] ?? [] }

  /// `roots` and everything that they are made from, order-only upstreams too when asked.
  package func upstream(of roots: some Sequence<ArtifactID>, withOrderOnly: Bool = false) -> Set<ArtifactID> {
    Traversal.reachable(from: roots) { id in
      (nodes[id]?.uses ?? []) + (withOrderOnly ? nodes[id]?.orderOnly ?? [] : [])
    }
  }

  /// `roots` and everything made from them.
  package func downstream(of roots: some Sequence<ArtifactID>) -> Set<ArtifactID> {
    Traversal.reachable(from: roots) { dependents[$0] ?? [] }
  }
}
