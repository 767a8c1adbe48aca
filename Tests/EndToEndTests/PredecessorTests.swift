import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// The real shapes of the predecessor's trees, through the program.
@Suite struct PredecessorTests {
  @Test(arguments: [("casa-2017", 12), ("casa-2019", 15), ("casa-2020", 7)])
  func aTreeOfThePredecessorLoadsIsDrawnAndAdopted(name: String, count: Int) async throws {
    let tree = try await Repository()
    try await tree.copyFixture(name)
    let list = try await tree.coppice("list", "--json")
    #expect(list.exitCode == 0, "\(list.all)")
    let ids = try JSONValue(parsing: list.output)["artifacts"]?.array?.compactMap { $0["id"]?.string } ?? []
    #expect(ids.count == count, "\(ids)")
    #expect(ids == ids.sorted())
    for format in ["tree", "dot", "mermaid", "json"] {
      let graph = try await tree.coppice("graph", "--format", format)
      #expect(graph.exitCode == 0, "\(graph.all)")
      for id in ids { #expect(graph.output.contains(id), "\(format) lacks \(id)") }
      switch format {
      case "dot":
        #expect(graph.output.hasPrefix("digraph ") && graph.output.hasSuffix("}\n"))
        if Laboratory.has("dot") {
          try tree.write("graph.dot", graph.output)
          #expect(try await tree.run(["dot", "-Tplain", "-o", "graph.txt", "graph.dot"]).exitCode == 0)
        }
      case "json":
        #expect(try JSONValue(parsing: graph.output)["artifacts"]?.array?.count == ids.count)
      default: break
      }
    }
    #expect(try await tree.coppice("lint").exitCode == 0)
    #expect(Set(try await tree.states().values) == ["stale"])
    #expect(try await tree.coppice("build", "--touch", "all").exitCode == 0)
    #expect(try await tree.coppice("status", "--exit-code").exitCode == 0)
    #expect(try await tree.build() == [])
  }

  @Test func anEditOfASharedScriptReachesExactlyThoseThatCopyIt() async throws {
    let tree = try await Repository()
    try await tree.copyFixture("casa-2019")
    try await tree.build("--touch", "all")
    // A link of both Windows systems leads there, out of their directories.
    let script: FilePath = "share/scripts/install_ubuntu_14.04_crossbuild.sh"
    try tree.write(script, try tree.directory.text(script) + "# edited\n", mode: 0o755)
    let states = try await tree.states().filter { $0.value != "current" }
    #expect(
      states == [
        "docker/casa-test:windows-7-32": "stale", "docker/casa-test:windows-7-64": "stale",
        "docker/casa-dev:windows-7-32": "may", "docker/casa-dev:windows-7-64": "may",
      ])
    #expect(
      try await tree.changes(of: "docker/casa-test:windows-7-32")
        == ["context modified install_ubuntu_14.04_crossbuild.sh"])
    let explained = try await tree.coppice("explain", "casa-dev:windows-7-64")
    #expect(explained.output.contains("install_ubuntu_14.04_crossbuild.sh"), "\(explained.all)")
  }

  @Test func aDirectoryOfDependenciesDoesNotTieToEverySystem() async throws {
    let tree = try await Repository()
    try await tree.copyFixture("casa-2019")
    try await tree.build("--touch", "all")
    let yaml = try tree.directory.text("share/docker/cati_platform/ubuntu-16.04/casa_distro_docker.yaml")
    #expect(yaml.contains("casa-dev"), "it declares the whole directory")
    let dockerfile: FilePath = "share/docker/casa-dev/centos-7.4/Dockerfile"
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + "RUN true\n")
    // Its base was only assumed to be built, and its bytes are needed now; nobody else is concerned.
    #expect(
      try await tree.states().filter { $0.value != "current" } == [
        "docker/casa-dev:centos-7.4": "stale", "docker/casa-test:centos-7.4": "stale",
      ])
    #expect(try await tree.reasons(of: "docker/casa-test:centos-7.4") == ["outputMissing"])
    try await tree.build("--touch", "all")
    let other: FilePath = "share/docker/casa-dev/ubuntu-16.04/Dockerfile"
    try tree.write(other, try tree.directory.text(other) + "RUN true\n")
    #expect(try await tree.states()["docker/cati_platform:ubuntu-16.04"] == "may")
  }
}
