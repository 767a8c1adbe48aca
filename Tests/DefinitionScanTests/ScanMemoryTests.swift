import DefinitionScan
import FileTraces
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What is remembered of definitions: the same as what is read, and read again only where something changed.
struct ScanMemoryTests {
  private static let index: FilePath = "/r/index"

  /// Scans as a run of its own does: with what the last one left on the disk, which it writes back.
  private static func scan(_ workshop: Workshop, program: String = "coppice 1") throws -> DefinitionTree {
    let files = workshop.files
    var memory = ScanMemory(
      TraceStore(reading: index, from: files), program: .sha256(program), olderThan: files.now - 2_000_000_000)
    let tree = DefinitionScanner(files: files).scan(
      SearchPath(repository: "/r", home: nil, builtin: nil), settings: workshop.settings,
      platform: Platform(os: "linux", architecture: "amd64"), memory: &memory)
    try memory.traces.write(to: index, in: files)
    return tree
  }

  /// Every value in it, whatever the order of sets.
  private static func text(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    if mirror.children.isEmpty { return String(reflecting: value) }
    var parts = mirror.children.map { ($0.label ?? "") + ": " + text($0.value) }
    if mirror.displayStyle == .set || mirror.displayStyle == .dictionary { parts.sort() }
    return "\(mirror.subjectType)(" + parts.joined(separator: ", ") + ")"
  }

  /// A tree in which every field of every value is something else than its default.
  private static func everything() -> Workshop {
    Workshop([
      "a/b/casa_distro_docker.yaml": """
      dependencies: [../../c, ../../nowhere]
      image_sources:
        - name: "%(kind)s-dev"
          tags: [latest, 1.10, yes]
          visibility: private
          template_files_parameters: {kind: casa, base_image: "x:%(casa_version)s", idle: "1"}
          build_args: {JOBS: 4, DEBUG: no}
          secrets: [{id: token, env: SVN_TOKEN}, {id: key, file: ../key}]
          target: runtime
          platforms: [linux/arm64/v8]
          singularity: {compression: zstd, level: 19}
          test: ["/bin/sh", "-c", "command -v gcc"]
          max_age: 30d
          reproducible: true
      generate:
        - output: data/rootfs.tar
          command: [mmdebstrap, bookworm, "{output}"]
          inputs: [./packages.txt]
        - output: late
          command: [sh]
      """,
      "a/b/Dockerfile.template": """
      ARG JOBS=1
      FROM %(base_image)s AS runtime
      ARG JOBS
      ENV PLACE=$JOBS OTHER=${HOME}x
      COPY --exclude=*.o data[0-9] link /
      COPY --parents deep/$PLACE/file $UNSET/late /
      ADD https://example.org/a git@example.org:b.git#main /
      ADD data /
      RUN --mount=type=bind,from=d:1@sha256:\(String(repeating: "a", count: 64)),target=/d true
      ONBUILD COPY late /
      BADD x y
      FROM runtime AS late
      """,
      "a/b/packages.txt": "gcc\n", "a/b/.dockerignore": "*.o\n# no\n!keep.o\n",
      "c/x/casa_distro_docker.yaml": Workshop.definition(), "c/x/Dockerfile": "FROM ubuntu:24.04\nCOPY . /\n",
      "broken/casa_distro_docker.yaml": "image_sources: [\n",
      "none/casa_distro_docker.yaml": Workshop.definition(name: "n"),
      "alone/Dockerfile": "FROM ubuntu\n",
    ])
  }

  @Test func whatIsRememberedIsWhatIsRead() throws {
    let workshop = Self.everything()
    let read = Self.text(workshop.scan())
    #expect(!workshop.scan().recipes.isEmpty)
    workshop.files.tick(.seconds(10))
    #expect(Self.text(try Self.scan(workshop)) == read)
    workshop.files.tick(.seconds(10))
    #expect(Self.text(try Self.scan(workshop)) == read)
    workshop.files.clearJournal()
    #expect(Self.text(try Self.scan(workshop)) == read)
    let touched = workshop.files.journal.filter { $0.path != Self.index }.map(\.operation)
    #expect(!touched.isEmpty && touched.allSatisfy { $0 == .status })
  }

  @Test func onlyTheDefinitionThatChangedIsReadAgain() throws {
    let workshop = Self.everything()
    workshop.files.tick(.seconds(10))
    _ = try Self.scan(workshop)
    workshop.files.write("/r/share/docker/c/x/Dockerfile", "FROM ubuntu:26.04\n")
    workshop.files.tick(.seconds(10))
    workshop.files.clearJournal()
    #expect(try Self.scan(workshop).uses("docker/a:1") == ["ubuntu:26.04"])
    let read = Set(workshop.files.journal.filter { $0.operation == .read && $0.path != Self.index }.map(\.path))
    #expect(read == ["/r/share/docker/c/x/casa_distro_docker.yaml", "/r/share/docker/c/x/Dockerfile"])
  }

  @Test func anotherProgramOrOtherSettingsBelieveNothing() throws {
    var workshop = Self.everything()
    workshop.files.tick(.seconds(10))
    _ = try Self.scan(workshop)
    workshop.files.clearJournal()
    _ = try Self.scan(workshop, program: "coppice 2")
    #expect(workshop.files.journal.contains { $0.operation == .read && $0.path != Self.index })
    // Nor what was seen of directories: "c" holds none of its files itself.
    #expect(workshop.files.journal.contains { $0.operation == .list && $0.path == "/r/share/docker/c" })
    workshop.settings = try SettingsReader.read(Array("namespace: org\n".utf8), repository: "/r")
    #expect(try Self.scan(workshop, program: "coppice 2").image("docker/a:1")?.reference.description == "org/a:1")
  }

  /// Edits of a small tree: what the memory says after each is what a scan without memory says.
  @Test(arguments: 0..<(40 * Soak.factor))
  func afterAnyEditsTheMemorySaysWhatTheFilesSay(seed: Int) throws {
    var random = SeededGenerator(seed: seed)
    let workshop = Self.everything()
    let docker: FilePath = "/r/share/docker"
    let names: [FilePath] = [
      "a/b/casa_distro_docker.yaml", "a/b/Dockerfile.template", "a/b/data", "a/b/.dockerignore", "a/b/packages.txt",
      "c/x/casa_distro_docker.yaml", "c/x/Dockerfile", "c/casa_distro_docker.yaml", "c/Dockerfile", "d/e/Dockerfile",
      "nowhere/casa_distro_docker.yaml", "nowhere/Dockerfile", "a/b/deep/casa_distro_docker.yaml", "alone/Dockerfile",
    ]
    let texts = [
      "FROM ubuntu:24.04\nCOPY . /\n", "FROM a:1\nADD data late /\n", Workshop.definition(),
      Workshop.definition(name: "b"), Workshop.definition(top: "dependencies: [../x, ../../nowhere]\n", name: "c"),
      "*\n",
      "image_sources: [",
    ]
    for _ in 0..<12 {
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let path = docker / (names.randomElement(using: &random) ?? "x")
        switch Int.random(in: 0..<8, using: &random) {
        case 0: try workshop.files.removeTree(path)
        case 1: try workshop.files.removeTree(path.parent)
        case 2:
          try workshop.files.removeTree(path)
          try workshop.files.createDirectory(path.parent)
          try workshop.files.createLink(path, to: docker / "c/x/Dockerfile")
        case 3:
          try workshop.files.removeTree(path)
          try workshop.files.createDirectory(path)
        default:
          let kind = (try? workshop.files.status(of: path, followingLinks: false))?.kind
          if kind == .directory { continue }
          if kind == .symbolicLink { try workshop.files.remove(path) }
          workshop.files.write(path, texts.randomElement(using: &random) ?? "")
        }
      }
      // As often as not within a tick of the clock.
      if Bool.random(using: &random) { workshop.files.tick(.seconds(3)) }
      #expect(Self.text(try Self.scan(workshop)) == Self.text(workshop.scan()))
    }
  }

  @Test func damageIsAsGoodAsNothing() throws {
    let workshop = Self.everything()
    workshop.files.tick(.seconds(10))
    let read = Self.text(try Self.scan(workshop))
    let bytes = try workshop.files.contents(of: Self.index, limit: 1 << 20)
    var random = SeededGenerator(seed: 7)
    for _ in 0..<60 {
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      try workshop.files.replace(Self.index, with: damaged, mode: 0o644)
      #expect(Self.text(try Self.scan(workshop)) == read)
    }
  }
}
