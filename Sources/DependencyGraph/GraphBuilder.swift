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
    let sorted = declarations.sorted { $0.id < $1.id }
    // Of two with one id the last counts.
    let declarations = zip(sorted, sorted.dropFirst()).filter { $0.id != $1.id }.map(\.0) + sorted.suffix(1)
    let places = Dictionary(uniqueKeysWithValues: declarations.enumerated().map { ($1.id, $0) })
    let makers = makers(of: declarations)
    let triggering = Set(declarations.filter(\.hasTriggers).map(\.id))
    var diagnostics: [Diagnostic] = []
    var nearMiss: NearMiss?
    let belowDirectory = DirectoryTable(declarations)
    var nodes: [BuildGraph.Node] = []
    // Of each declaration, by its place.
    var edges: [[Edge]] = []
    var weak: [[Edge]] = []

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
          let table = nearMiss ?? NearMiss(among: declarations)
          nearMiss = table
          if let warning = table.warning(for: use) { diagnostics.append(warning) }
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
      if !declaration.saysAllItUses, declared.keys.allSatisfy({ used[$0] == nil }) {
        used.merge(declared) { first, _ in first }
        declared = [:]
      }
      edges.append(used.values.sorted { $0.upstream < $1.upstream })
      weak.append(declared.values.filter { used[$0.upstream] == nil }.sorted { $0.upstream < $1.upstream })
      nodes.append(
        BuildGraph.Node(
          id: declaration.id, location: declaration.location, definitionPath: declaration.definitionPath,
          names: declaration.names, uses: [], orderOnly: [], bases: bases, resolution: resolution))
    }

    let ids = nodes.map(\.id)
    diagnostics += removeCycles(from: &edges, ids, places)
    diagnostics += dropCircular(&weak, given: edges, ids, places)
    for place in nodes.indices {
      nodes[place].uses = edges[place].map(\.upstream)
      nodes[place].orderOnly = weak[place].map(\.upstream)
    }
    return (BuildGraph(nodes: nodes, places: places), diagnostics.sorted())
  }

  /// Who makes a name: main tags before aliases, among aliases the last in path order.
  private static func makers(of declarations: [StepDeclaration]) -> [String: ArtifactID] {
    var makers: [String: ArtifactID] = [:]
    let inPathOrder = declarations.sorted { ($0.definitionPath, $0.id) < ($1.definitionPath, $1.id) }
    for isMain in [false, true] {
      for declaration in inPathOrder {
        // No Dockerfile can use a VM image.
        if declaration.id.kind == .vbox { continue }
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

  private static func removeCycles(
    from edges: inout [[Edge]], _ ids: [ArtifactID], _ places: [ArtifactID: Int]
  ) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    while true {
      let before = edges.map { $0.compactMap { places[$0.upstream] } }
      let members = Traversal.unordered(before: before)
      guard let cycle = Traversal.cycle(among: members, before: before) else { return diagnostics }
      diagnostics.append(describe(cycle, edges, ids))
      // One link is cut so that the next cycle can be found: all faults in one run.
      let (last, first) = (cycle[cycle.count - 1], ids[cycle[0]])
      edges[last].removeAll { $0.upstream == first }
    }
  }

  private static func describe(_ cycle: [Int], _ edges: [[Edge]], _ ids: [ArtifactID]) -> Diagnostic {
    var links: [String] = []
    var first: SourceLocation?
    for (index, place) in cycle.enumerated() {
      let (id, upstream) = (ids[place], ids[cycle[(index + 1) % cycle.count]])
      let location = edges[place].first { $0.upstream == upstream }?.location
      if first == nil { first = location }
      links.append("\(id) uses \(upstream)" + (location.map { " (\($0))" } ?? ""))
    }
    let path = (cycle + cycle.prefix(1)).map { ids[$0].description }.joined(separator: " → ")
    var help = "cut one of these links: " + links.joined(separator: "; ")
    if cycle.count == 1 {
      let id = ids[cycle[0]]
      help = "the name means this image of the tree; that of Docker Hub is docker.io/library/\(id.name):\(id.tag)"
    }
    return Diagnostic(.error, "images use each other in a circle: \(path)", at: first, help: help)
  }

  /// An order that was only declared gives way where it contradicts what is used.
  private static func dropCircular(
    _ weak: inout [[Edge]], given edges: [[Edge]], _ ids: [ArtifactID], _ places: [ArtifactID: Int]
  ) -> [Diagnostic] {
    guard weak.contains(where: { !$0.isEmpty }) else { return [] }
    func upstreams(_ place: Int, _ weak: [[Edge]]) -> [Int] {
      (edges[place] + weak[place]).compactMap { places[$0.upstream] }
    }
    if Traversal.unordered(before: ids.indices.map { upstreams($0, weak) }).isEmpty { return [] }
    var diagnostics: [Diagnostic] = []
    var kept = [[Edge]](repeating: [], count: ids.count)
    for (place, id) in ids.enumerated() {
      for edge in weak[place] {
        if Traversal.reachable(
          from: [edge.upstream],
          { id in
            places[id].map { upstreams($0, kept).map { ids[$0] } } ?? []
          }
        ).contains(id) {
          diagnostics.append(
            Diagnostic(
              .warning, "\(id) is declared to come after \(edge.upstream), which comes after \(id)", at: edge.location,
              help: "the declared order is ignored here; remove it from dependencies", rule: .contraryDependency))
        } else {
          kept[place].append(edge)
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
      var path = declaration.definitionPath[...]
      while !path.isEmpty {
        images[String(path), default: []].append(declaration.id)
        path = path[..<(path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)]
      }
      // The directory of all docker images has no VM images.
      if declaration.id.kind == .docker { images["", default: []].append(declaration.id) }
    }
  }

  func images(below directory: String) -> [ArtifactID] { images[directory == "." ? "" : directory] ?? [] }
}
