import DependencyGraph
import ImageModel
import TestSupport
import Testing

/// Who makes what a Dockerfile names, and which edges count.
struct EdgeTests {
  private static func declaration(
    _ id: String, path: String, names: [String] = [], uses: [String] = [], dependencies: [String] = [],
    needs: [String] = []
  ) throws -> StepDeclaration {
    let place = SourceLocation(file: FilePath("/repository/\(path)/Dockerfile"), line: 1)
    return StepDeclaration(
      id: try #require(ArtifactID(id)), location: place, definitionPath: path,
      names: try names.map { try ImageReference($0) },
      uses: try uses.map { ImageUse(reference: try ImageReference($0), role: .from, location: place, range: 0..<0) },
      needs: needs.compactMap { ArtifactID($0) }, dependencies: dependencies.map { Located($0, at: place) })
  }

  private static let dev = "docker/casa-dev:ubuntu-18.04"

  @Test(arguments: [
    ("cati/casa-dev:ubuntu-1804", "did you mean cati/casa-dev:ubuntu-18.04?"),
    (
      "mylab/casa-dev:ubuntu-18.04",
      "the tree makes cati/casa-dev:ubuntu-18.04: is the namespace of coppice.yaml meant?"
    ),
    ("example.org/cati/casa-dev:ubuntu-1804", nil), ("casa-dev:ubuntu-1804", nil), ("debian:12", nil),
  ])
  func aBaseThatLooksLikeAnImageOfTheTreeIsWarnedOf(name: String, help: String?) throws {
    let (_, faults) = GraphBuilder.build([
      try Self.declaration(
        Self.dev, path: "casa-dev/ubuntu-18.04", names: ["cati/casa-dev:ubuntu-18.04", "casa-dev:ubuntu-18.04"]),
      try Self.declaration("docker/user:1", path: "user/1", uses: [name]),
    ])
    #expect(faults.map(\.help) == (help.map { [$0] } ?? []))
    #expect(faults.allSatisfy { $0.severity == .warning && $0.location != nil })
  }

  @Test(arguments: [
    ("cati/casa-dev:ubuntu-18.04", true), ("casa-dev:ubuntu-18.04", true), ("cati/casa-dev:latest", true),
    ("cati/casa-dev", true), ("casa-dev", true), ("docker.io/cati/casa-dev", true),
    ("index.docker.io/cati/casa-dev", true), ("library/casa-dev", false),
    ("docker.io/library/casa-dev", false),
    ("cati/casa-dev:ubuntu-20.04", false), ("other/casa-dev", false), ("example.org/cati/casa-dev", false),
    ("cati/casa-dev@sha256:\(String(repeating: "a", count: 64))", false),
  ])
  func aNameIsServedByMainTagOrAliasWithOrWithoutNamespace(name: String, isServed: Bool) throws {
    let (graph, faults) = GraphBuilder.build([
      try Self.declaration(
        Self.dev, path: "casa-dev/ubuntu-18.04",
        names: ["cati/casa-dev:ubuntu-18.04", "casa-dev:ubuntu-18.04", "cati/casa-dev:latest", "casa-dev:latest"]),
      try Self.declaration("docker/user:1", path: "user/1", uses: [name]),
    ])
    let user = try #require(ArtifactID("docker/user:1").flatMap { graph[$0] })
    #expect(faults.allSatisfy { $0.severity != .error })
    #expect(user.uses.map(\.description) == (isServed ? [Self.dev] : []))
    #expect(user.bases.map(\.reference) == (isServed ? [] : [try ImageReference(name)]))
    #expect(user.resolution.map { $0.step?.description } == [isServed ? Self.dev : nil])
  }

  @Test func aMainTagWinsOverAnAliasAndTheLastOfTwoAliasesInPathOrderWins() throws {
    let (graph, _) = GraphBuilder.build([
      try Self.declaration("docker/a:new", path: "z/1", names: ["cati/a:new", "cati/a:old", "cati/a:latest"]),
      try Self.declaration("docker/a:old", path: "b/1", names: ["cati/a:old", "cati/a:latest"]),
      try Self.declaration("docker/user:1", path: "user/1", uses: ["cati/a:old", "cati/a"]),
    ])
    let user = try #require(ArtifactID("docker/user:1").flatMap { graph[$0] })
    #expect(user.resolution.map { $0.step?.description } == ["docker/a:old", "docker/a:new"])
  }

  @Test func aSyntaxImageIsABaseEvenWhenTheTreeMakesItsName() throws {
    let place = SourceLocation(file: "/repository/user/1/Dockerfile", line: 1)
    var user = try Self.declaration("docker/user:1", path: "user/1")
    user.uses = [ImageUse(reference: try ImageReference("cati/a:1"), role: .syntax, location: place, range: 0..<0)]
    let (graph, _) = GraphBuilder.build([try Self.declaration("docker/a:1", path: "a/1", names: ["cati/a:1"]), user])
    #expect(graph[user.id]?.uses == [])
    #expect(graph[user.id]?.bases.count == 1)
  }

  @Test func aBaseUsedTwiceIsNamedOnce() throws {
    let (graph, _) = GraphBuilder.build([
      try Self.declaration(
        "docker/user:1", path: "user/1", uses: ["ubuntu:24.04", "docker.io/library/ubuntu:24.04", "debian"])
    ])
    let user = try #require(graph.order.first.flatMap { graph[$0] })
    #expect(
      user.bases.map(\.reference.canonical) == [
        "docker.io/library/ubuntu:24.04", "docker.io/library/debian:latest",
      ])
    #expect(user.resolution.count == 3)
  }

  @Test func whatIsDeclaredAndNotUsedIsOrderOnly() throws {
    let (graph, faults) = GraphBuilder.build(TreeText("base <- python, tools <~ python").declarations)
    let python = try #require(graph[TreeText.id("python")])
    #expect(faults.isEmpty)
    #expect(python.uses == [TreeText.id("base")])
    #expect(python.orderOnly == [TreeText.id("tools")])
    #expect(graph.downstream(of: [TreeText.id("tools")]) == [TreeText.id("tools")])
    #expect(graph.upstream(of: [python.id]) == [python.id, TreeText.id("base")])
    #expect(graph.upstream(of: [python.id], withOrderOnly: true).count == 3)
    let places = [TreeText.id("tools"), python.id].compactMap(graph.order.firstIndex)
    #expect(places == places.sorted())
  }

  @Test func whenNothingDeclaredIsUsedAllOfItCounts() throws {
    let (graph, _) = GraphBuilder.build(TreeText("ubuntu:24.04 <- a, x <~ a, y <~ a").declarations)
    let node = try #require(graph[TreeText.id("a")])
    #expect(node.uses == [TreeText.id("x"), TreeText.id("y")])
    #expect(node.orderOnly == [])
  }

  @Test func aSystemOfAnotherDistributionIsNoReasonToRebuild() throws {
    let (graph, _) = GraphBuilder.build([
      try Self.declaration(
        "docker/casa-dev:ubuntu-16.04", path: "casa-dev/ubuntu-16.04", names: ["cati/casa-dev:ubuntu-16.04"]),
      try Self.declaration(
        "docker/casa-dev:centos-7.4", path: "casa-dev/centos-7.4", names: ["cati/casa-dev:centos-7.4"]),
      try Self.declaration(
        "docker/cati_platform:ubuntu-16.04", path: "cati_platform/ubuntu-16.04",
        uses: ["cati/casa-dev:ubuntu-16.04"], dependencies: ["casa-dev"]),
    ])
    let centos = try #require(ArtifactID("docker/casa-dev:centos-7.4"))
    let ubuntu = try #require(ArtifactID("docker/casa-dev:ubuntu-16.04"))
    let platform = try #require(ArtifactID("docker/cati_platform:ubuntu-16.04"))
    #expect(graph.downstream(of: [centos]) == [centos])
    #expect(graph.downstream(of: [ubuntu]) == [ubuntu, platform])
    #expect(graph[platform]?.orderOnly == [centos])
  }

  @Test func aDeclaredDirectoryMeansImagesAndNotWhatIsMadeOfThem() throws {
    let (graph, _) = GraphBuilder.build([
      try Self.declaration("docker/a:1", path: "a/1"),
      try Self.declaration("sif/a:1", path: "a/1", needs: ["docker/a:1"]),
      try Self.declaration("generate/a/1:x.tar", path: "a/1"),
      try Self.declaration("docker/b:1", path: "b/1", dependencies: ["a"]),
    ])
    #expect(ArtifactID("docker/b:1").flatMap { graph[$0]?.uses } == ArtifactID("docker/a:1").map { [$0] })
  }

  @Test func aDirectoryNameIsNotAPrefixOfText() throws {
    let (graph, _) = GraphBuilder.build([
      try Self.declaration("docker/casa:1", path: "casa/1"),
      try Self.declaration("docker/casa-dev:1", path: "casa-dev/1"),
      try Self.declaration("docker/b:1", path: "b/1", dependencies: ["casa"]),
    ])
    #expect(ArtifactID("docker/b:1").flatMap { graph[$0]?.uses.map(\.description) } == ["docker/casa:1"])
  }

  @Test func needsAreEdgesWithoutAName() throws {
    let (graph, _) = GraphBuilder.build([
      try Self.declaration("docker/a:1", path: "a/1"),
      try Self.declaration("sif/a:1", path: "a/1", needs: ["docker/a:1"]),
    ])
    #expect(graph.order.map(\.description) == ["docker/a:1", "sif/a:1"])
    #expect(graph.dependents(of: graph.order[0]) == [graph.order[1]])
  }
}
