import DefinitionScan
import HostSystem
import ImageModel
import TestSupport
import Testing

struct OverlayTests {
  private func write(_ workshop: Workshop, _ directory: FilePath, name: String, top: String = "") {
    workshop.files.write(directory / "casa_distro_docker.yaml", Workshop.definition(top: top, name: name))
    workshop.files.write(directory / "Dockerfile", "FROM ubuntu:24.04\n")
  }

  @Test func theEarlierDirectoryWinsAtTheSamePath() {
    let workshop = Workshop()
    write(workshop, "/r/share/docker/x/1", name: "repository")
    write(workshop, "/home/.config/casa-distro/docker/x/1", name: "config")
    write(workshop, "/home/.config/casa-distro/docker/x/2", name: "config")
    write(workshop, "/home/.casa-distro/docker/x/2", name: "old")
    write(workshop, "/builtin/docker/x/3", name: "builtin")
    let tree = workshop.scan(home: "/home", builtin: "/builtin")
    #expect(tree.ids == ["docker/builtin:1", "docker/config:1", "docker/repository:1"])
    #expect(tree.overridden.map(\.path) == ["x/1", "x/2"])
    #expect(tree.overridden.map(\.winner.origin) == [.repository, .user])
    #expect(tree.overridden.last?.loser.directory == "/home/.casa-distro/docker/x/2")
    #expect(tree.diagnostics == [])
    #expect(tree.definitions.map(\.origin) == [.repository, .user, .builtin])
    #expect(tree.recipes.filter(tree.isDefaultSelection).map(\.id.name) == ["config", "repository"])
  }

  @Test func whereThereIsNoOtherTheBuiltinDefinitionsAreSelected() {
    let workshop = Workshop()
    write(workshop, "/builtin/docker/x/3", name: "builtin")
    let tree = workshop.scan(builtin: "/builtin")
    #expect(tree.recipes.allSatisfy(tree.isDefaultSelection))
  }

  @Test func dependenciesAreResolvedInTheOverlay() {
    let workshop = Workshop()
    write(workshop, "/r/share/docker/b/1", name: "b", top: "dependencies: [../../a, ./../../a/, ../../c]\n")
    write(workshop, "/builtin/docker/a/1", name: "a")
    workshop.files.makeSpecial("/home/.casa-distro/docker/c", .directory)
    let tree = workshop.scan(home: "/home", builtin: "/builtin")
    #expect(tree.declaration("docker/b:1")?.dependencies.map(\.value) == ["a", "c"])
    #expect(tree.diagnostics.map(Workshop.short) == ["1:37 warning: there is no definition below '../../c'"])
  }

  @Test func anyDepthIsAcceptedButHiddenAndLinkedDirectoriesAreNot() {
    let workshop = Workshop()
    write(workshop, "/r/share/docker", name: "top")
    write(workshop, "/r/share/docker/a/b/c/d/e", name: "deep")
    write(workshop, "/r/share/docker/.git/x", name: "hidden")
    write(workshop, "/elsewhere/x", name: "linked")
    workshop.files.link("/r/share/docker/linked", to: "/elsewhere")
    let tree = workshop.scan()
    #expect(tree.ids == ["docker/deep:1", "docker/top:1"])
    #expect(tree.definitions.map(\.path) == [".", "a/b/c/d/e"])
    #expect(tree.diagnostics == [])
  }

  @Test func aDockerfileOrADefinitionAloneIsAWarning() {
    let workshop = Workshop([
      "a/Dockerfile": "FROM x\n", "b/casa_distro_docker.yaml": Workshop.definition(),
      "c/casa_distro_docker.yaml": Workshop.definition(name: "c"), "c/Dockerfile": "FROM x\n",
      "c/sub/Dockerfile": "FROM x\n",
    ])
    let tree = workshop.scan()
    #expect(tree.ids == ["docker/c:1"])
    #expect(
      tree.diagnostics.map(\.message) == [
        "no casa_distro_docker.yaml beside this file, so nothing is built from it",
        "no Dockerfile beside this definition, so it makes no image",
      ])
    #expect(!tree.hasErrors)
  }

  @Test func twoArtifactsWithTheSameIdAreAnErrorThatNamesBoth() {
    let workshop = Workshop()
    for directory in ["x", "y"] as [FilePath] { write(workshop, "/r/share/docker" / directory, name: "a") }
    let tree = workshop.scan()
    #expect(tree.ids == ["docker/a:1"])
    #expect(
      tree.diagnostics.map(\.message)
        == ["docker/a:1 is declared twice, first at /r/share/docker/x/casa_distro_docker.yaml:2:11"])
    #expect(tree.diagnostics.first?.location?.file == "/r/share/docker/y/casa_distro_docker.yaml")
  }

  @Test func twoFilesOfTheSameNameAreAnErrorWhereFilesAreMade() {
    func tree(_ line: String) -> DefinitionTree {
      Workshop([
        "x/casa_distro_docker.yaml": Workshop.definition(line, name: "a-b", tags: "[c]"), "x/Dockerfile": "FROM x\n",
        "y/casa_distro_docker.yaml": Workshop.definition(line, name: "a", tags: "[b-c]"), "y/Dockerfile": "FROM x\n",
      ]).scan()
    }
    #expect(!tree("").hasErrors)
    #expect(tree("singularity: true").diagnostics.map(\.message).first?.hasSuffix("converted to 'a-b-c.sif'") == true)
  }

  @Test func anAliasThatIsDeclaredTwiceGoesToTheLast() {
    let workshop = Workshop()
    for (directory, tag) in [("x", "1"), ("y", "2"), ("z", "3")] {
      workshop.files.write(
        FilePath("/r/share/docker/\(directory)/casa_distro_docker.yaml"),
        Workshop.definition(name: "a", tags: "[latest, '\(tag)']"))
      workshop.files.write(FilePath("/r/share/docker/\(directory)/Dockerfile"), "FROM x\n")
    }
    let tree = workshop.scan()
    #expect(!tree.hasErrors)
    #expect(tree.diagnostics.count == 2)
    #expect(tree.image("docker/a:1")?.aliases == [])
    #expect(tree.image("docker/a:3")?.aliases.map(\.description) == ["cati/a:latest"])
    #expect(tree.declaration("docker/a:2")?.names.map(\.description) == ["cati/a:2", "a:2"])
    #expect(tree.contestedAliases.map(\.reference.description) == ["cati/a:latest"])
    #expect(tree.contestedAliases.first?.claimants.map(\.description) == ["docker/a:1", "docker/a:2", "docker/a:3"])
  }

  @Test func aMainTagIsStrongerThanAnAlias() {
    let workshop = Workshop([
      "x/casa_distro_docker.yaml": Workshop.definition(), "x/Dockerfile": "FROM x\n",
      "y/casa_distro_docker.yaml": Workshop.definition(tags: "['1', '2']"), "y/Dockerfile": "FROM x\n",
    ])
    let tree = workshop.scan()
    #expect(tree.image("docker/a:2")?.aliases == [])
    #expect(tree.diagnostics.map(\.severity) == [.warning])
  }

  @Test func allFaultsOfAllFilesAreToldInOneRun() {
    let workshop = Workshop()
    for index in 0..<15 {
      let name = index < 10 ? "d0\(index)" : "d\(index)"
      write(workshop, FilePath("/r/share/docker/\(name)"), name: name)
    }
    let faulty: [(String, String)] = [
      ("d00", "image_sources: ["), ("d02", "imagesources: []\n"), ("d04", Workshop.definition(name: "Upper")),
      ("d06", Workshop.definition("max_age: old")),
      ("d08", Workshop.definition(top: "dependencies: [../no]\n", name: "n")),
      ("d10", Workshop.definition(name: "d11")), ("d14", Workshop.definition("unknown: 1", name: "m")),
    ]
    for (name, text) in faulty {
      workshop.files.write(FilePath("/r/share/docker/\(name)/casa_distro_docker.yaml"), text)
    }
    let diagnostics = workshop.scan().diagnostics
    #expect(diagnostics == diagnostics.sorted())
    let files = Set(diagnostics.compactMap { $0.location?.file.components.dropLast().last.map(FilePath.init(bytes:)) })
    // d10 took the name of d11, which comes later.
    #expect(files == ["d00", "d02", "d04", "d06", "d08", "d11", "d14"])
  }

  @Test func aDirectoryThatDisappearsIsNoFault() {
    let workshop = Workshop()
    write(workshop, "/r/share/docker/a", name: "a")
    write(workshop, "/r/share/docker/b", name: "b")
    workshop.files.injectFailures { operation, path in
      path == "/r/share/docker/a"
        ? FileSystemError(operation: "open", path: path, reason: .notFound, text: "No such file or directory") : nil
    }
    let tree = workshop.scan()
    #expect(tree.ids == ["docker/b:1"])
    #expect(tree.diagnostics == [])
  }

  @Test func whatCannotBeReadIsToldAndTheRestGoesOn() {
    let workshop = Workshop()
    for name in ["a", "b", "c", "d"] { write(workshop, FilePath("/r/share/docker/\(name)"), name: name) }
    workshop.files.injectFailures { operation, path in
      ["/r/share/docker/a", "/r/share/docker/b/Dockerfile", "/r/share/docker/c/casa_distro_docker.yaml"].contains(path)
        ? FileSystemError(operation: "open", path: path, reason: .notPermitted, text: "Permission denied") : nil
    }
    let tree = workshop.scan()
    #expect(tree.ids == ["docker/d:1"])
    #expect(
      tree.diagnostics.map { $0.location?.file } == [
        "/r/share/docker/a", "/r/share/docker/b/Dockerfile", "/r/share/docker/c/casa_distro_docker.yaml",
      ])
  }

  @Test func theSearchPathHasEachDirectoryOnce() {
    let path = SearchPath(repository: "/r", home: "/h", builtin: "/r/share")
    #expect(path.roots.map(\.share) == ["/r/share", "/h/.config/casa-distro", "/h/.casa-distro"])
    func builtin(_ value: String?) -> FilePath? {
      SearchPath.builtin(environmentValue: value, installed: "/i", currentDirectory: "/c")
    }
    #expect(builtin(nil) == "/i")
    #expect(builtin("") == "/i")
    #expect(builtin("none") == nil)
    #expect(builtin("x/../y") == "/c/y")
  }
}
