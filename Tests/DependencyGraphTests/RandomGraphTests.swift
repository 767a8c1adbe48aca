import DependencyGraph
import ImageModel
import TestSupport
import Testing

struct RandomGraphTests {
  /// Edges between any two, so that cycles come up, or downwards only.
  private static func edges(
    _ random: inout SeededGenerator, acyclic: Bool
  ) -> [(word: String, upstreams: [String])] {
    let count = Int.random(in: 1...9, using: &random)
    return (0..<count).map { index in
      let candidates = acyclic ? 0..<index : 0..<count
      return ("i\(index)", candidates.filter { _ in random.once(in: 4) }.map { "i\($0)" })
    }.shuffled(using: &random)
  }

  @Test func everyOrderIsValidAndDoesNotDependOnTheOrderOfDeclarations() {
    for seed in Soak.seeds(2000) {
      var random = SeededGenerator(seed: seed)
      let edges = Self.edges(&random, acyclic: true)
      let (graph, faults) = GraphBuilder.build(TreeText(edges).declarations)
      #expect(faults.isEmpty, "seed \(seed)")
      expectOrdered(graph)
      let (again, _) = GraphBuilder.build(TreeText(edges).declarations.shuffled(using: &random))
      #expect(again.order == graph.order, "seed \(seed)")
    }
  }

  @Test func whatIsToldAsACycleIsOneAndWithoutTheCutLinksThereIsNone() {
    for seed in Soak.seeds(2000) {
      var random = SeededGenerator(seed: seed)
      let edges = Self.edges(&random, acyclic: false)
      let (graph, faults) = GraphBuilder.build(TreeText(edges).declarations)
      expectOrdered(graph)
      var uses: [ArtifactID: Set<ArtifactID>] = [:]
      for (word, upstreams) in edges { uses[TreeText.id(word)] = Set(upstreams.map(TreeText.id)) }
      #expect(faults.isEmpty == !Self.hasCycle(uses), "seed \(seed)")
      for fault in faults {
        let path = fault.message.split(separator: ": ", maxSplits: 1)[1].split(separator: " → ").compactMap {
          ArtifactID($0)
        }
        #expect(path.first == path.last && Set(path.dropLast()).count == path.count - 1, "seed \(seed)")
        for (user, used) in zip(path, path.dropFirst()) { #expect(uses[user]?.contains(used) == true, "seed \(seed)") }
      }
    }
  }

  /// Removes what uses nothing that is left, again and again.
  private static func hasCycle(_ uses: [ArtifactID: Set<ArtifactID>]) -> Bool {
    var left = uses
    while let free = left.keys.first(where: { left[$0, default: []].isDisjoint(with: left.keys) }) { left[free] = nil }
    return !left.isEmpty
  }

  @Test func upstreamAndDownstreamAreEachOthersMirror() {
    for seed in Soak.seeds(300) {
      var random = SeededGenerator(seed: seed)
      let (graph, _) = GraphBuilder.build(TreeText(Self.edges(&random, acyclic: true)).declarations)
      for id in graph.order {
        for other in graph.order {
          #expect(
            graph.upstream(of: [id]).contains(other) == graph.downstream(of: [other]).contains(id), "seed \(seed)")
        }
      }
    }
  }

  @Test func anOrderThatWasOnlyDeclaredNeverAddsAnError() {
    for seed in Soak.seeds(500) {
      var random = SeededGenerator(seed: seed)
      var declarations = TreeText(Self.edges(&random, acyclic: true)).declarations
      let paths = declarations.map(\.definitionPath)
      for index in declarations.indices where !declarations[index].dependencies.isEmpty {
        for path in paths where random.once(in: 3) {
          declarations[index].dependencies.append(Located(path, at: declarations[index].location))
        }
      }
      let (graph, faults) = GraphBuilder.build(declarations)
      #expect(faults.allSatisfy { $0.severity == .warning }, "seed \(seed)")
      expectOrdered(graph)
    }
  }
}
