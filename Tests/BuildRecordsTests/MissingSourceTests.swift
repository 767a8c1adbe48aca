import BuildRecords
import DockerfileText
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Sources that a build will not find, and why.
struct MissingSourceTests {
  private static let directory: FilePath = "/repository/a/1"

  private static func recipe(_ dockerfile: String) -> ImageRecipe {
    ImageRecipe(
      id: TreeText.id("a"), definition: .init(path: "a/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 1),
      reference: TreeText.reference("a"),
      dockerfile: DockerfileReader.read(
        Array("FROM scratch\n\(dockerfile)\n".utf8), file: directory / "Dockerfile", buildArguments: [:], target: nil,
        platform: Platform(os: "linux", architecture: "amd64")),
      platform: Platform(os: "linux", architecture: "amd64"))
  }

  /// `SOURCE`, `SOURCE: PATH line N RULE`, or `SOURCE: PATH is a definition`.
  private static func missing(_ files: InMemoryFileSystem, _ dockerfile: String, ignoring ignore: String = "") throws
    -> [String]
  {
    var recipe = recipe(dockerfile)
    recipe.ignore = IgnoreReader.read(Array(ignore.utf8), name: ".dockerignore", file: ".dockerignore").0
    recipe.generated = ["out/made.tar": TreeText.id("g")]
    recipe.renderedFiles = ["conf": []]
    let reader = ContextReader(files: files, index: FileIndex())
    return try reader.missingSources(of: recipe, in: reader.read(recipe)).map { source in
      switch source.cause {
      case .absent: source.selector.pattern
      case .ignored(let path, let rule):
        "\(source.selector.pattern): \(String(decoding: path, as: UTF8.self)) line \(rule.line ?? 0) \(rule.pattern)"
      case .definition(let path): "\(source.selector.pattern): \(String(decoding: path, as: UTF8.self)) is a definition"
      }
    }
  }

  private static func files(_ paths: String...) -> InMemoryFileSystem {
    let files = InMemoryFileSystem(root: directory)
    for path in paths { files.write(FilePath(path), "content of \(path)") }
    return files
  }

  @Test func whatIsThereIsNotMissing() throws {
    let files = Self.files("a", "d/e/f", "x.txt", "real/f")
    files.makeSpecial("empty", .directory)
    files.link("link", to: "real")
    files.link("dangling", to: "nowhere")
    let lines = [
      "COPY a d d/e d/e/f /x/", "COPY . /", "COPY *.txt d/* d/?/f /x/", "COPY empty link link/f link/* li*/f /x/",
      "ADD dangling /", "COPY conf out out/made.tar out/*.tar /x/",
    ]
    #expect(try Self.missing(files, lines.joined(separator: "\n")) == [])
  }

  @Test func whatIsNowhereIsAbsent() throws {
    let files = Self.files("a", "d/e/f", "real/f")
    files.link("link", to: "real")
    let lines = ["COPY A d/f d/e/f/g *.txt d/*/g link/g /x/", "RUN --mount=type=bind,source=h true", "ADD a /"]
    #expect(
      try Self.missing(files, lines.joined(separator: "\n")) == [
        "A", "d/f", "d/e/f/g", "*.txt", "d/*/g", "link/g", "h",
      ])
  }

  /// `ADD git@HOST:PATH` is a repository to new engines and a file to others.
  @Test func nobodyMissesAFileThatMayBeARepository() throws {
    let (files, recipe) = (Self.files(), Self.recipe("ADD git@host:x/y.git /\nADD here /\nCOPY git@host:x/y.git /"))
    let reader = ContextReader(files: files, index: FileIndex())
    #expect(
      try reader.sourceFaults(of: recipe, in: reader.read(recipe)).map { $0.message.prefix { $0 != " " } }
        == ["'here'", "'git@host:x/y.git'"])
  }

  @Test func whatTheIgnoreFileLeavesOutIsToldWithItsRule() throws {
    let files = Self.files("a.tmp", "b.tmp", "d/e/f", "d/keep", "kept.tmp", "real/f", "q/r")
    files.link("link", to: "real")
    let ignore = "# comment\n\n *.tmp\n!kept.tmp\nd\n!d/keep\nreal/*\nq/**\n"
    #expect(
      try Self.missing(files, "COPY a.tmp ?.tmp d/e d/e/? link/f kept.tmp d q gone.tmp /x/", ignoring: ignore) == [
        "a.tmp: a.tmp line 3  *.tmp", "?.tmp: a.tmp line 3  *.tmp", "d/e: d/e line 5 d", "d/e/?: d/e/f line 5 d",
        "link/f: real/f line 7 real/*", "gone.tmp",
      ])
  }

  @Test func definitionFilesAndTemplatesAreNoSources() throws {
    let files = Self.files("casa_distro_docker.yaml", "conf.template", "d/casa_distro_docker.yaml", "d/x.template")
    #expect(
      try Self.missing(files, "COPY casa_distro_docker.yaml *.template conf d/*.yaml d/*.template /x/") == [
        "casa_distro_docker.yaml: casa_distro_docker.yaml is a definition",
        "*.template: conf.template is a definition",
      ])
  }
}
