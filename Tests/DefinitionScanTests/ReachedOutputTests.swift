import DefinitionScan
import DependencyGraph
import HostSystem
import ImageModel
import TestSupport
import Testing

/// A generated file is an upstream of exactly the images whose build can see it.
struct ReachedOutputTests {
  private static let yaml =
    Workshop.definition() + "generate:\n  - {output: made/x.tar, command: [touch, '{output}']}\n"

  /// Whether the image `a:1` is made from its generated file, for the graph and for its recipe alike.
  private static func isUpstream(_ workshop: Workshop) throws -> Bool {
    let tree = workshop.scan()
    let (graph, faults) = GraphBuilder.build(tree.declarations)
    try #require((tree.diagnostics + faults).allSatisfy { $0.severity != .error }, "\(tree.diagnostics)")
    let id = try #require(ArtifactID("docker/a:1"))
    let recipes = TreeBases.applied(to: tree.recipes, in: graph) { image, _ in image }
    guard case .image(let recipe)? = recipes[id] else { return false }
    let uses = try #require(graph[id]).uses.contains { $0.kind == .generate }
    #expect(uses == !recipe.generated.isEmpty)
    return uses
  }

  @Test(
    arguments: [
      ("COPY made/x.tar /", "", true), ("COPY made /", "", true), ("COPY . /", "", true),
      ("ADD made/*.tar /", "", true),
      ("RUN --mount=type=bind,target=/c true", "", true), ("COPY other /", "", false), ("RUN true", "", false),
      ("COPY made/*.zip /", "", false), ("COPY . /", "made", false), ("COPY . /", "*\n!made/x.tar", true),
      ("COPY made/x.tar /", "**/*.tar", false), ("COPY --from=debian:12 made/x.tar /", "", false),
      ("FROM scratch\nRUN true", "", false), ("ENV W=$UNKNOWN\nCOPY $W /", "", true),
    ])
  func theReachAndTheIgnoreFileDecide(instruction: String, ignore: String, isUpstream: Bool) throws {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Self.yaml, "a/Dockerfile": "FROM debian:12\n\(instruction)\n", "a/other": "",
      "a/.dockerignore": ignore,
    ])
    #expect(try Self.isUpstream(workshop) == isUpstream)
  }

  @Test(
    arguments: [
      ("link", "made/x.tar", true), ("link", "made", true), ("link", "nowhere", true), ("link", "/outside", true),
      ("link", "other", false), ("link", "dir", false), ("unseen", "made/x.tar", false),
    ])
  func aLinkThatMayLeadThereCounts(name: String, target: String, isUpstream: Bool) throws {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Self.yaml, "a/Dockerfile": "FROM debian:12\nCOPY link* other /\n", "a/other": "",
      "a/dir/x": "", "a/made/other": "",
    ])
    workshop.files.write("/outside/x", "")
    try workshop.files.createLink("/r/share/docker/a/\(name)", to: FilePath(target))
    #expect(try Self.isUpstream(workshop) == isUpstream)
  }

  @Test(arguments: [("ONBUILD COPY made /", "", true), ("RUN true", "", false), ("ONBUILD COPY . /", "made", false)])
  func triggersOfAnImageOfTheTreeMayCopyIt(trigger: String, ignore: String, isUpstream: Bool) throws {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Self.yaml, "a/Dockerfile": "FROM cati/b:1\n", "a/.dockerignore": ignore,
      "b/casa_distro_docker.yaml": Workshop.definition(name: "b"), "b/Dockerfile": "FROM scratch\n\(trigger)\n",
    ])
    #expect(try Self.isUpstream(workshop) == isUpstream)
  }

  @Test(
    arguments: [
      ("FROM scratch\nONBUILD COPY x /\nONBUILD RUN true\n", ["COPY x /", "RUN true"]),
      ("FROM scratch AS one\nONBUILD COPY x /\nFROM scratch\nCOPY --from=one / /\n", nil),
    ] as [(String, [String]?)])
  func triggersOfTheLastStageAreReadInImagesBuiltFromIt(parent: String, triggers: [String]?) throws {
    let (recipes, read) = try Self.family(parent)
    #expect(read == [triggers].compactMap { $0 })
    guard case .image(let child)? = recipes[try #require(ArtifactID("docker/a:1"))] else { return }
    #expect(child.dockerfile.reach.isSelected)
  }

  @Test func whereNobodyKnowsTheTriggersTheWholeContextCounts() throws {
    let (recipes, _) = try Self.family("# syntax=example/builder\nFROM scratch\n")
    guard case .image(let child)? = recipes[try #require(ArtifactID("docker/a:1"))] else { return }
    #expect(!child.dockerfile.reach.isSelected)
    #expect(child.dockerfile.diagnostics.contains { $0.rule == .wholeContext && $0.location?.line == 1 })
  }

  /// An image built from another, and the triggers that were read for it.
  private static func family(_ parent: String) throws -> ([ArtifactID: Recipe], read: [[String]]) {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition(), "a/Dockerfile": "FROM cati/b:1\nCOPY y /\n",
      "b/casa_distro_docker.yaml": Workshop.definition(name: "b"), "b/Dockerfile": parent,
    ])
    let tree = workshop.scan()
    let (graph, _) = GraphBuilder.build(tree.declarations)
    var read: [[String]] = []
    let recipes = TreeBases.applied(to: tree.recipes, in: graph) { image, bases in
      read += bases.values.map(\.triggers)
      return image
    }
    return (recipes, read)
  }
}

extension ContextReach {
  fileprivate var isSelected: Bool { if case .selected = self { true } else { false } }
}
