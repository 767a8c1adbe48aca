package import ImageModel

/// Turns declarations into a graph: finds for each name who makes it, and refuses cycles.
package enum GraphBuilder {
  private struct Edge {
    var upstream: ArtifactID
    /// The line that asks for it.
    var location: SourceLocation
  }

  /// - Returns: the graph without the edges that close a cycle, and every fault found.
  /// - Complexity: linear in declarations and edges, times a logarithm.
  package static func build(_ declarations: [StepDeclaration]) -> (graph: BuildGraph, diagnostics: [Diagnostic]) {
    let declarations = declarations.sorted { $0.id < $1.id }
    let makers = makers(of: declarations)
    let triggering = Set(declarations.filter(\.hasTriggers).map(\.id))
    var strangers: [Diagnostic] = []
    let belowDirectory = DirectoryTable(declarations)
    var nodes: [ArtifactID: BuildGraph.Node] = [:]
    var edges: [ArtifactID: [Edge]] = [:]
    var weak: [ArtifactID: [Edge]] = [:]

    for declaration in declarations {
      var used: [ArtifactID: Edge] = [:]
      var bases: [ImageUse] = []
      var seenBases = Set<String>()
      var resolution: [(use: ImageUse, step: ArtifactID?)] = []
      var needs = declaration.needs
      for use in declaration.uses {
        let maker = use.reference.digest == nil && use.role != .syntax ? makers[Self.key(use.reference)] : nil
        resolution.append((use, maker))
        if use.role == .from, let maker, triggering.contains(maker) { needs += declaration.needsOfTriggers }
        if let maker {
          if used[maker] == nil { used[maker] = Edge(upstream: maker, location: use.location) }
        } else if seenBases.insert(use.reference.canonical).inserted {
          bases.append(use)
          if let warning = NearMiss.warning(for: use, declarations) { strangers.append(warning) }
        }
      }
      for need in needs { used[need] = Edge(upstream: need, location: declaration.location) }
      var declared: [ArtifactID: Edge] = [:]
      for dependency in declaration.dependencies {
        for id in belowDirectory.images(below: dependency.value) where id != declaration.id && declared[id] == nil {
          declared[id] = Edge(upstream: id, location: dependency.location)
        }
      }
      // When nothing declared is used we cannot see how it is used, so all of it counts.
      if declared.keys.allSatisfy({ used[$0] == nil }) {
        used.merge(declared) { first, _ in first }
        declared = [:]
      }
      edges[declaration.id] = used.values.sorted { $0.upstream < $1.upstream }
      weak[declaration.id] = declared.values.filter { used[$0.upstream] == nil }.sorted { $0.upstream < $1.upstream }
      nodes[declaration.id] = BuildGraph.Node(
        id: declaration.id, location: declaration.location, definitionPath: declaration.definitionPath,
        names: declaration.names, uses: [], orderOnly: [], bases: bases, resolution: resolution)
    }

    var diagnostics = strangers + removeCycles(from: &edges)
    diagnostics += dropCircular(&weak, given: edges)
    for id in nodes.keys {
      nodes[id]?.uses = edges[id]?.map(\.upstream) ?? []
      nodes[id]?.orderOnly = weak[id]?.map(\.upstream) ?? []
    }
    return (BuildGraph(nodes: nodes), diagnostics.sorted())
  }

  /// Who makes a name: main tags before aliases, among aliases the last in path order.
  private static func makers(of declarations: [StepDeclaration]) -> [String: ArtifactID] {
    var makers: [String: ArtifactID] = [:]
    for isMain in [false, true] {
      for declaration in declarations.sorted(by: { ($0.definitionPath, $0.id) < ($1.definitionPath, $1.id) }) {
        for name in declaration.names where (name.tag == declaration.id.tag) == isMain {
          makers[key(name)] = declaration.id
        }
      }
    }
    return makers
  }

  /// A name is looked for as it is written, with docker's registry or without: `library/ubuntu` is never our `ubuntu`.
  private static func key(_ name: ImageReference) -> String {
    let isHub = name.registry == nil || name.effectiveRegistry == "docker.io" && name.repository.contains("/")
    guard isHub else { return name.canonical }
    return "\(name.repository):\(name.tag ?? "latest")"
  }

  private static func removeCycles(from edges: inout [ArtifactID: [Edge]]) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    let ids = edges.keys.sorted()
    while true {
      var next: [ArtifactID: [ArtifactID]] = [:]
      for (id, list) in edges { next[id] = list.map(\.upstream).filter { edges[$0] != nil } }
      let members = Traversal.unordered(ids) { next[$0] ?? [] }
      guard let cycle = Traversal.cycle(among: members, { next[$0] ?? [] }) else { return diagnostics }
      diagnostics.append(describe(cycle, edges))
      // One link is cut so that the next cycle can be found: all faults in one run.
      let (last, first) = (cycle[cycle.count - 1], cycle[0])
      edges[last]?.removeAll { $0.upstream == first }
    }
  }

  private static func describe(_ cycle: [ArtifactID], _ edges: [ArtifactID: [Edge]]) -> Diagnostic {
    var links: [String] = []
    var first: SourceLocation?
    for (index, id) in cycle.enumerated() {
      let upstream = cycle[(index + 1) % cycle.count]
      let location = edges[id]?.first { $0.upstream == upstream }?.location
      if first == nil { first = location }
      links.append("\(id) uses \(upstream)" + (location.map { " (\($0))" } ?? ""))
    }
    let path = (cycle + cycle.prefix(1)).map(\.description).joined(separator: " → ")
    var help = "cut one of these links: " + links.joined(separator: "; ")
    if cycle.count == 1, let id = cycle.first {
      help = "the name means this image of the tree; that of Docker Hub is docker.io/library/\(id.name):\(id.tag)"
    }
    return Diagnostic(.error, "images use each other in a circle: \(path)", at: first, help: help)
  }

  /// An order that was only declared gives way where it contradicts what is used.
  private static func dropCircular(_ weak: inout [ArtifactID: [Edge]], given edges: [ArtifactID: [Edge]])
    -> [Diagnostic]
  {
    let ids = edges.keys.sorted()
    func upstreams(_ id: ArtifactID, _ weak: [ArtifactID: [Edge]]) -> [ArtifactID] {
      ((edges[id] ?? []) + (weak[id] ?? [])).map(\.upstream).filter { edges[$0] != nil }
    }
    if Traversal.unordered(ids, before: { upstreams($0, weak) }).isEmpty { return [] }
    var diagnostics: [Diagnostic] = []
    var kept: [ArtifactID: [Edge]] = [:]
    for id in ids {
      for edge in weak[id] ?? [] {
        if Traversal.reachable(from: [edge.upstream], { upstreams($0, kept) }).contains(id) {
          diagnostics.append(
            Diagnostic(
              .warning, "\(id) is declared to come after \(edge.upstream), which comes after \(id)", at: edge.location,
              help: "the declared order is ignored here; remove it from dependencies", rule: .contraryDependency))
        } else {
          kept[id, default: []].append(edge)
        }
      }
    }
    weak = kept
    return diagnostics
  }
}

/// Which images lie below a directory of the overlay; what is made of an image or for one is no image.
private struct DirectoryTable {
  private var images: [String: [ArtifactID]] = [:]

  init(_ declarations: [StepDeclaration]) {
    for declaration in declarations where declaration.id.kind == .docker || declaration.id.kind == .vbox {
      var components = declaration.definitionPath.split(separator: "/")
      while true {
        images[components.joined(separator: "/"), default: []].append(declaration.id)
        if components.popLast() == nil { break }
      }
    }
  }

  func images(below directory: String) -> [ArtifactID] { images[directory == "." ? "" : directory] ?? [] }
}
