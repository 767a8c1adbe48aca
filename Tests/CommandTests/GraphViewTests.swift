import ImageModel
import JSONText
import Testing

@testable import coppice

@Suite struct GraphViewTests {
  private static func id(_ name: String, _ kind: ArtifactKind = .docker) -> ArtifactID {
    ArtifactID(kind: kind, name: name, tag: "1")
  }

  /// base ← left, right ← top; sif/top ← top; other after base only in order.
  private let view = GraphView([
    .init(id("top"), uses: [id("right"), id("left")]), .init(id("base"), bases: ["ubuntu:24.04"]),
    .init(id("left"), state: .stale, uses: [id("base")]), .init(id("right"), state: .may, uses: [id("base")]),
    .init(id("top", .sif), uses: [id("top")]), .init(id("other"), orderOnly: [id("base"), id("not-drawn")]),
  ])

  @Test func theTreeShowsDependentsBelowWhatTheyUse() {
    #expect(
      view.tree() == """
        docker/base:1 (from ubuntu:24.04)
        ├─ docker/left:1 stale
        │  └─ docker/top:1
        │     └─ sif/top:1
        ├─ docker/other:1 (order only)
        └─ docker/right:1 may be built
           └─ docker/top:1 (shown above)

        """)
  }

  @Test func dotNamesEveryNodeAndEdge() {
    let dot = view.dot
    #expect(dot.hasPrefix("digraph coppice {\n") && dot.hasSuffix("}\n"))
    #expect(dot.contains(#"  "docker/base:1" -> "docker/left:1";"#))
    #expect(dot.contains(#"  "docker/base:1" -> "docker/other:1" [style=dashed];"#))
    #expect(dot.contains(#"  "base ubuntu:24.04" -> "docker/base:1" [style=dotted];"#))
    #expect(!dot.contains("not-drawn"))
  }

  @Test func mermaidNamesEveryNodeAndEdge() {
    let lines = view.mermaid.split(separator: "\n").map(String.init)
    #expect(lines.first == "flowchart LR")
    #expect(lines.contains(#"  n0["docker/base:1"]"#))
    #expect(lines.contains(#"  n1["docker/left:1"]:::stale"#))
    #expect(lines.contains("  n0 --> n1"))
    #expect(lines.contains("  n0 -.-> n2"))
    #expect(lines.contains("  b0 --> n0"))
  }

  @Test func jsonHasTheContractsMembers() throws {
    let artifacts = try #require(view.json["artifacts"]?.array)
    #expect(artifacts.compactMap { $0["id"]?.string } == view.nodes.map { "\($0.id)" })
    #expect(artifacts[0]["bases"]?.strings == ["ubuntu:24.04"])
    #expect(artifacts[2]["orderOnly"]?.strings == ["docker/base:1", "docker/not-drawn:1"])
    #expect(artifacts[4]["uses"]?.strings == ["docker/left:1", "docker/right:1"])
  }

  @Test func anEmptyGraphIsDrawnEmpty() {
    #expect(GraphView([]).tree() == "")
    #expect(GraphView([]).mermaid == "flowchart LR\n")
  }

  @Test func theStateIsThatOfStatus() {
    #expect(GraphView.State(.current) == .current)
    #expect(GraphView.State(.stale([.upstreamWillRebuild(Self.id("x"))])) == .may)
    #expect(GraphView.State(.stale([.upstreamWillRebuild(Self.id("x")), .neverBuilt])) == .stale)
  }
}
