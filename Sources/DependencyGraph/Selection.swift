package import ImageModel

/// Turns the targets that a person names into artifacts.
package struct Selection: Sendable {
  private let graph: BuildGraph
  private let all: Set<ArtifactID>
  private let past: Set<ArtifactID>

  /// - Parameters:
  ///   - all: what `all` means: every artifact outside of the builtin tree, or the builtin ones.
  ///   - past: artifacts that were made once: names mean them too.
  package init(graph: BuildGraph, all: Set<ArtifactID>, past: Set<ArtifactID> = []) {
    self.graph = graph
    self.all = all
    self.past = past
  }

  /// - Parameter patterns: `all`, `NAME`, `NAME:TAG`, `KIND/…`, globs, directories of definitions; `+` before one adds
  ///   everything upstream, behind it everything downstream. None means `all`.
  /// - Throws: `InvalidInput` naming every pattern that matches nothing, with suggestions.
  package func artifacts(matching patterns: [String]) throws(InvalidInput) -> Set<ArtifactID> {
    var result = Set<ArtifactID>()
    var faults: [Diagnostic] = []
    for pattern in patterns.isEmpty ? ["all"] : patterns {
      var word = pattern[...]
      let withUpstream = word.hasPrefix("+")
      if withUpstream { word = word.dropFirst() }
      let withDownstream = word.hasSuffix("+")
      if withDownstream { word = word.dropLast() }
      let found = matches(String(word))
      if found.isEmpty && !(word == "all" && graph.count == 0) { faults.append(noMatch(String(word))) }
      result.formUnion(found)
      if withUpstream { result.formUnion(graph.upstream(of: found)) }
      if withDownstream { result.formUnion(graph.downstream(of: found)) }
    }
    guard faults.isEmpty else { throw InvalidInput(faults) }
    return result
  }

  private func matches(_ word: String) -> Set<ArtifactID> {
    if word == "all" { return all.union(past) }
    if let id = ArtifactID(word), graph[id] != nil || past.contains(id) { return [id] }
    let directory = Self.definitionPath(word)
    let pattern = Glob(word)
    var (found, machines): ([ArtifactID], [ArtifactID]) = ([], [])
    for id in graph.order {
      guard let node = graph[id] else { continue }
      // `*` asks for no kind.
      let asksForKind = id.kind != .vbox || word.contains("/")
      if isAt(node.definitionPath, directory) || asksForKind && spellings(of: node).contains(where: pattern.matches) {
        found.append(id)
      } else if id.kind == .vbox, names(of: node).contains(where: pattern.matches) {
        machines.append(id)
      }
    }
    // A VM image takes long, and often has the name of the docker image that it is made of.
    if found.isEmpty { found = machines }
    let gone = past.filter { graph[$0] == nil && spellings(of: $0).contains(where: pattern.matches) }
    return found.isEmpty && Self.isAboveDefinitions(word) ? all.union(past) : gone.union(found)
  }

  /// `share` and `share/docker` hold every definition.
  private static func isAboveDefinitions(_ word: String) -> Bool {
    let components = word.split(separator: "/").filter { $0 != "." }
    return components == ["share"] || components == ["share", "docker"]
  }

  private func isAt(_ path: String, _ directory: String) -> Bool {
    !directory.isEmpty && (path == directory || path.hasPrefix(directory + "/"))
  }

  /// `share/docker/casa-dev/` means the definitions below `casa-dev`.
  private static func definitionPath(_ word: String) -> String {
    var components = word.split(separator: "/").filter { $0 != "." }
    if components.starts(with: ["share", "docker"]) { components.removeFirst(2) }
    if components.starts(with: ["share", "vbox"]) { components[0] = ".." }
    return components.joined(separator: "/")
  }

  /// Every text by which a pattern may name the node; of a VM image only those with its kind.
  private func spellings(of node: BuildGraph.Node) -> [String] {
    let texts = spellings(of: node.id) + node.names.map { "\(node.id.kind.rawValue)/\($0)" }
    return node.id.kind == .vbox ? texts : texts + node.names.flatMap { [$0.description, $0.repository] }
  }

  private func spellings(of id: ArtifactID) -> [String] {
    let kind = id.kind.rawValue + "/"
    return [kind, kind + id.name, id.description] + (id.kind == .vbox ? [] : [id.name, "\(id.name):\(id.tag)"])
  }

  /// Those without a kind.
  private func names(of node: BuildGraph.Node) -> [String] {
    [node.id.name, "\(node.id.name):\(node.id.tag)"] + node.names.flatMap { [$0.description, $0.repository] }
  }

  private func noMatch(_ word: String) -> Diagnostic {
    let known = graph.order.flatMap { id in graph[id].map { Array(spellings(of: $0).dropFirst()) } ?? [] }
    let nearest = NearestSpelling.of(word, among: Array(Set(known)).sorted())
    return Diagnostic(
      .error, "no artifact matches '\(word)'",
      help: nearest.map { "did you mean '\($0)'?" } ?? "`coppice list` shows every artifact")
  }
}
