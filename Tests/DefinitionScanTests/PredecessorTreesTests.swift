import DefinitionScan
import HostSystem
import ImageModel
import Testing

/// Trees of casa-distro as they were.
struct PredecessorTreesTests {
  private func scan(_ name: FilePath) -> DefinitionTree {
    let fixtures = FilePath("\(#filePath)").parent.parent / "Fixtures"
    let repository = fixtures / name
    var settings = Settings(repository: repository)
    settings.isConverting = false
    return DefinitionScanner(files: PosixFileSystem()).scan(
      SearchPath(repository: repository, home: nil, builtin: nil), settings: settings,
      platform: Platform(os: "linux", architecture: "amd64"))
  }

  private static let systems = [
    "centos-7.4", "ubuntu-12.04", "ubuntu-14.04", "ubuntu-16.04", "ubuntu-18.04", "windows-7-32", "windows-7-64",
  ]

  @Test func theFifteenDefinitionsOf2019Load() throws {
    let tree = scan("casa-2019")
    let systems = Self.systems
    #expect(
      tree.ids == systems.map { "docker/casa-dev:\($0)" } + systems.map { "docker/casa-test:\($0)" }
        + ["docker/cati_platform:ubuntu-16.04"])
    #expect(tree.definitions.count == 15)
    #expect(tree.diagnostics.map(Workshop.short).count == 1)
    #expect(tree.diagnostics.first?.location?.file.description.hasSuffix("mageia-5/Dockerfile") == true)
    #expect(!tree.hasErrors)
    for system in systems {
      #expect(tree.uses("docker/casa-dev:\(system)") == ["cati/casa-test:\(system)"])
      let declaration = try #require(tree.declaration("docker/casa-dev:\(system)"))
      #expect(declaration.dependencies.map(\.value) == ["casa-test"])
      #expect(declaration.definitionPath == "casa-dev/\(system)")
    }
    #expect(tree.uses("docker/casa-test:ubuntu-16.04") == ["ubuntu:16.04"])
    let first = try #require(tree.image("docker/casa-test:ubuntu-12.04"))
    #expect(first.reference.description == "cati/casa-test:ubuntu-12.04")
    #expect(first.aliases.map(\.description) == ["cati/casa-test:latest"])
    #expect(
      tree.declaration("docker/casa-test:ubuntu-12.04")?.names.map(\.description)
        == ["cati/casa-test:ubuntu-12.04", "casa-test:ubuntu-12.04", "cati/casa-test:latest", "casa-test:latest"])
  }

  @Test func fourImagesOfOneTemplateLoadAsIn2017() throws {
    let tree = scan("casa-2017")
    #expect(!tree.hasErrors)
    #expect(tree.diagnostics.count == 2, "two Dockerfiles without yaml")
    let tags = ["1.0-ubuntu-12.04", "1.0-ubuntu-12.04-rc", "1.0-ubuntu-16.04", "1.0-ubuntu-16.04-rc"]
    #expect(
      tree.ids == tags.map { "docker/casa-brainvisa-dev:\($0)" }
        + ["docker/casa-dev:ubuntu-12.04", "docker/casa-dev:ubuntu-16.04"]
        + tags.map { "docker/casa-opensource-dev:\($0)" }
        + ["docker/casa-test:ubuntu-12.04", "docker/casa-test:ubuntu-16.04"])
    #expect(tree.uses("docker/casa-opensource-dev:1.0-ubuntu-16.04-rc") == ["cati/casa-dev:ubuntu-16.04"])
    #expect(tree.uses("docker/casa-brainvisa-dev:1.0-ubuntu-12.04") == ["cati/casa-opensource-dev:1.0-ubuntu-12.04"])
    #expect(tree.uses("docker/casa-brainvisa-dev:1.0-ubuntu-16.04-rc") == ["cati/casa-dev:1.0-ubuntu-16.04-rc"])
    let image = try #require(tree.image("docker/casa-opensource-dev:1.0-ubuntu-12.04"))
    #expect(image.aliases.map { $0.tag ?? "" } == ["latest", "ubuntu-12.04", "1.0"])
    #expect(image.renderedFiles.keys.sorted() == ["Dockerfile", "bv_maker.cfg"])
    #expect(
      String(decoding: image.renderedFiles["bv_maker.cfg"] ?? [], as: UTF8.self)
        == "[ source $CASA_SRC ]\n  brainvisa opensource release\n")
    #expect(tree.image("docker/casa-brainvisa-dev:1.0-ubuntu-12.04")?.visibility == .private)
    #expect(
      tree.declaration("docker/casa-brainvisa-dev:1.0-ubuntu-12.04")?.dependencies.map(\.value) == [
        "casa-opensource-dev"
      ])
  }

  @Test func theLaterTreesLoadAlthoughDependenciesAndDockerfilesDisagree() {
    let tree = scan("casa-2020")
    #expect(!tree.hasErrors)
    #expect(
      tree.ids == [
        "docker/casa-dev:p3q5", "docker/casa-dev:ubuntu-18.04", "docker/casa-run:ubuntu-18.04", "docker/casa-test:p3q5",
        "docker/casa-test:ubuntu-18.04", "docker/cati_platform:ubuntu-16.04", "docker/cati_platform:ubuntu-18.04",
      ])
    #expect(tree.uses("docker/casa-run:ubuntu-18.04") == ["cati/casa-test:ubuntu-18.04"])
    #expect(tree.declaration("docker/casa-run:ubuntu-18.04")?.dependencies == [])
    #expect(tree.uses("docker/casa-dev:p3q5") == ["cati/casa-test:ubuntu-18.04"])
    // Three definitions without a Dockerfile, as at the end of its life.
    #expect(tree.diagnostics.count == 3)
    #expect(tree.diagnostics.allSatisfy { $0.severity == .warning })
  }
}
