import DependencyGraph
import ImageModel
import TestSupport
import Testing

struct CycleTests {
  @Test func aCycleIsToldWithItsWholePathAndThePlaceOfEachLink() throws {
    let (graph, faults) = GraphBuilder.build(TreeText("c <- a, a <- b, b <- c, a <- user").declarations)
    let fault = try #require(faults.first)
    #expect(faults.count == 1)
    #expect(fault.severity == .error)
    #expect(fault.message.hasSuffix("docker/a:1 → docker/c:1 → docker/b:1 → docker/a:1"))
    #expect(fault.location == SourceLocation(file: "/repository/a/1/Dockerfile", line: 1))
    let help = try #require(fault.help)
    for link in [
      "docker/a:1 uses docker/c:1 (/repository/a/1/Dockerfile:1)",
      "docker/c:1 uses docker/b:1 (/repository/c/1/Dockerfile:1)",
      "docker/b:1 uses docker/a:1 (/repository/b/1/Dockerfile:1)",
    ] {
      #expect(help.contains(link))
    }
    #expect(graph.order.count == 4)
  }

  @Test func anImageThatUsesItselfIsACycle() throws {
    let (_, faults) = GraphBuilder.build(TreeText("a <- a").declarations)
    #expect(faults.map(\.message) == ["images use each other in a circle: docker/a:1 → docker/a:1"])
    #expect(faults.first?.help?.contains("docker.io/library/a:1") == true)
  }

  @Test func allCyclesAreToldInOneRun() throws {
    let text = "a <- b <- a, c <- d <- e <- c, a <- c, e <- f <- f, f <- g"
    let (graph, faults) = GraphBuilder.build(TreeText(text).declarations)
    #expect(faults.count == 3)
    #expect(graph.order.count == 7)
    expectOrdered(graph)
  }

  @Test func aCycleOfDeclarationsAloneIsACycleWhenAllOfThemCount() throws {
    let (_, faults) = GraphBuilder.build(TreeText("a <~ b, b <~ a").declarations)
    #expect(faults.count == 1)
    #expect(faults.first?.location?.file == "/repository/a/1/casa_distro_docker.yaml")
    #expect(faults.first?.location?.line == 2)
  }

  @Test func aDeclaredOrderGivesWayWithAWarning() throws {
    // b uses a; a, which uses x, is declared to come after b.
    let (graph, faults) = GraphBuilder.build(TreeText("x <- a, b <~ a, a <- b").declarations)
    let fault = try #require(faults.first)
    #expect(faults.count == 1)
    #expect(fault.severity == .warning)
    #expect(fault.location == SourceLocation(file: "/repository/a/1/casa_distro_docker.yaml", line: 3))
    #expect(graph[TreeText.id("a")]?.orderOnly == [])
    #expect(graph.order == ["x", "a", "b"].map(TreeText.id))
  }

  @Test func twoDeclaredOrdersThatContradictEachOtherLoseOneOnly() throws {
    let (graph, faults) = GraphBuilder.build(TreeText("x <- a, x <- b, b <~ a, a <~ b, b <~ c, x <- c").declarations)
    #expect(faults.map(\.severity) == [.warning])
    #expect(graph[TreeText.id("c")]?.orderOnly == [TreeText.id("b")])
    expectOrdered(graph)
  }

  @Test func aChainOfTwentyThousandDoesNotExhaustTheStack() throws {
    let words = (0..<20_000).map { "image\($0)" }
    let chain = TreeText(words.indices.map { (words[$0], $0 == 0 ? [] : [words[$0 - 1]]) })
    let (graph, faults) = GraphBuilder.build(chain.declarations)
    #expect(faults.isEmpty)
    #expect(graph.order == words.map(TreeText.id))
    #expect(graph.upstream(of: [TreeText.id(words[19_999])]).count == 20_000)
  }

  @Test(.timeLimit(.minutes(1))) func aCycleBelowALongChainIsFoundInLinearTime() throws {
    let words = (0..<5_000).map { "image\($0)" }
    let edges =
      words.indices.map { (words[$0], $0 == 0 ? ["zz"] : [words[$0 - 1]]) } + [("zz", ["zy"]), ("zy", ["zz"])]
    let clock = ContinuousClock()
    var faults: [Diagnostic] = []
    let duration = clock.measure { faults = GraphBuilder.build(TreeText(edges).declarations).diagnostics }
    #expect(faults.map(\.message) == ["images use each other in a circle: docker/zy:1 → docker/zz:1 → docker/zy:1"])
    #expect(duration < .seconds(10))
  }
}

/// Every upstream stands before its dependents, each step once.
func expectOrdered(_ graph: BuildGraph, sourceLocation: Testing.SourceLocation = #_sourceLocation) {
  var seen = Set<ArtifactID>()
  for id in graph.order {
    let upstreams = (graph[id]?.uses ?? []) + (graph[id]?.orderOnly ?? [])
    #expect(seen.isSuperset(of: upstreams), "\(id)", sourceLocation: sourceLocation)
    #expect(seen.insert(id).inserted, "\(id)", sourceLocation: sourceLocation)
  }
  #expect(seen.count == graph.count, sourceLocation: sourceLocation)
}
