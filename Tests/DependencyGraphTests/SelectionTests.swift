import DependencyGraph
import ImageModel
import TestSupport
import Testing

struct SelectionTests {
  /// The tree of the predecessor in small, one image with an alias, one from the builtin share.
  private static func selection(past: Set<ArtifactID> = []) -> Selection {
    var declarations = TreeText(
      "casa-test <- casa-dev <- cati_platform, casa-test <- casa-run, builtin <- casa-test"
    ).declarations
    for index in declarations.indices where declarations[index].id.name == "casa-dev" {
      declarations[index].names += ["cati/casa-dev:latest", "casa-dev:latest"].compactMap { try? ImageReference($0) }
    }
    declarations.append(
      StepDeclaration(
        id: ArtifactID(kind: .sif, name: "casa-dev", tag: "1"), location: declarations[0].location,
        definitionPath: "casa-dev/1", needs: [TreeText.id("casa-dev")]))
    let (graph, _) = GraphBuilder.build(declarations)
    return Selection(graph: graph, all: Set(graph.order.filter { $0.name != "builtin" }), past: past)
  }

  /// What was made once has names too, unless a definition has them now.
  @Test(arguments: [
    ("gone", "docker/gone:1 sif/gone:1"), ("gone:1", "docker/gone:1 sif/gone:1"), ("sif/gone", "sif/gone:1"),
    ("docker/gone:1", "docker/gone:1"), ("go*", "docker/gone:1 sif/gone:1"),
    ("casa-run", "docker/casa-run:0 docker/casa-run:1"),
    ("casa-run:0", "docker/casa-run:0"), ("docker/casa-run:0", "docker/casa-run:0"),
  ])
  func whatWasMadeOnceIsSelectedToo(pattern: String, expected: String) throws {
    let past = Set(["docker/gone:1", "sif/gone:1", "docker/casa-run:0"].compactMap { ArtifactID($0) })
    let found = try Self.selection(past: past).artifacts(matching: [pattern])
    #expect(found.sorted().map(\.description).joined(separator: " ") == expected)
    #expect(throws: InvalidInput.self) { try Self.selection().artifacts(matching: ["gone"]) }
  }

  @Test(arguments: [
    ("casa-dev", "docker/casa-dev:1 sif/casa-dev:1"),
    ("casa-dev:1", "docker/casa-dev:1 sif/casa-dev:1"),
    ("docker/casa-dev:1", "docker/casa-dev:1"),
    ("docker/casa-dev", "docker/casa-dev:1"),
    ("sif/casa-dev:1", "sif/casa-dev:1"),
    ("sif/", "sif/casa-dev:1"),
    ("sif/*", "sif/casa-dev:1"),
    ("docker/casa-*", "docker/casa-dev:1 docker/casa-run:1 docker/casa-test:1"),
    ("casa-dev:latest", "docker/casa-dev:1"),
    ("cati/casa-dev", "docker/casa-dev:1"),
    ("cati/casa-dev:latest", "docker/casa-dev:1"),
    ("docker/cati/casa-dev:1", "docker/casa-dev:1"),
    ("casa-*", "docker/casa-dev:1 docker/casa-run:1 docker/casa-test:1 sif/casa-dev:1"),
    ("casa-[rt]*", "docker/casa-run:1 docker/casa-test:1"),
    ("casa-[!a-q]*", "docker/casa-run:1 docker/casa-test:1"),
    ("casa-???", "docker/casa-dev:1 docker/casa-run:1 sif/casa-dev:1"),
    ("*platform*", "docker/cati_platform:1"),
    ("casa-dev/1", "docker/casa-dev:1 sif/casa-dev:1"),
    ("share/docker/casa-dev", "docker/casa-dev:1 sif/casa-dev:1"),
    ("./share/docker/casa-dev/1/", "docker/casa-dev:1 sif/casa-dev:1"),
    (
      "share/docker",
      "docker/casa-dev:1 docker/casa-run:1 docker/casa-test:1 docker/cati_platform:1 sif/casa-dev:1"
    ),
    ("builtin", "docker/builtin:1"),
    ("+docker/casa-dev:1", "docker/builtin:1 docker/casa-dev:1 docker/casa-test:1"),
    ("docker/casa-dev:1+", "docker/casa-dev:1 docker/cati_platform:1 sif/casa-dev:1"),
    (
      "+docker/casa-dev:1+",
      "docker/builtin:1 docker/casa-dev:1 docker/casa-test:1 docker/cati_platform:1 sif/casa-dev:1"
    ),
  ])
  func aPatternSelects(pattern: String, expected: String) throws {
    let found = try Self.selection().artifacts(matching: [pattern])
    #expect(found.sorted().map(\.description).joined(separator: " ") == expected)
  }

  @Test func nothingAndAllMeanEverythingOutsideOfTheBuiltinTree() throws {
    let selection = Self.selection()
    let all = try selection.artifacts(matching: [])
    #expect(all.count == 5)
    #expect(!all.contains(TreeText.id("builtin")))
    #expect(try selection.artifacts(matching: ["all"]) == all)
    #expect(try selection.artifacts(matching: ["+all"]).count == 6)
  }

  @Test func patternsAddUp() throws {
    let found = try Self.selection().artifacts(matching: ["casa-run", "cati_platform"])
    #expect(found == [TreeText.id("casa-run"), TreeText.id("cati_platform")])
  }

  @Test func allOfAnEmptyTreeIsNoFault() throws {
    let (graph, _) = GraphBuilder.build([])
    #expect(try Selection(graph: graph, all: []).artifacts(matching: ["all"]) == [])
  }

  @Test func everyPatternThatMatchesNothingIsToldWithASuggestion() throws {
    let error = try #require(throws: InvalidInput.self) {
      try Self.selection().artifacts(matching: ["casa-dve", "casa-run", "+docker/casa-tset:1", "xyzzy", ""])
    }
    #expect(
      error.diagnostics.map(\.message) == [
        "no artifact matches 'casa-dve'", "no artifact matches 'docker/casa-tset:1'", "no artifact matches 'xyzzy'",
        "no artifact matches ''",
      ])
    #expect(
      error.diagnostics.map(\.help) == [
        "did you mean 'casa-dev'?", "did you mean 'docker/casa-test:1'?", "`coppice list` shows every artifact",
        "`coppice list` shows every artifact",
      ])
  }

  @Test(arguments: [
    ("a*b", "ab", true), ("a*b", "a/:b", true), ("a*b", "abc", false), ("*", "", true), ("?", "", false),
    ("[]x]", "]", true), ("[!]x]", "]", false), ("[!]x]", "y", true), ("[a-c]", "b", true), ("[a-c]", "d", false),
    ("[a-]", "-", true), ("[^a]", "a", false), ("[", "[", true), ("a[", "a[", true),
    ("*a*a*a*b", "aaaaaaaaaaaaaaaa", false),
  ])
  func aGlobMatchesWholeTexts(pattern: String, text: String, matches: Bool) throws {
    // Glob is internal: a graph with one image of that name asks it.
    let id = ArtifactID(kind: .vbox, name: text, tag: "t")
    let place = SourceLocation(file: "/f")
    let (graph, _) = GraphBuilder.build([StepDeclaration(id: id, location: place, definitionPath: "")])
    let found = try? Selection(graph: graph, all: []).artifacts(matching: [pattern])
    #expect((found == [id]) == matches)
  }
}
