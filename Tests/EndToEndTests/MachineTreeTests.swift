import BuildRecords
import DefinitionScan
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What the commands know of VM images; nothing is built.
@Suite struct MachineTreeTests {
  private static let run: FilePath = "share/vbox/run/1/casa_distro_vbox.yaml"

  /// `run`, of five steps, is made from `system` and installs the docker image `app`.
  private static func tree() async throws -> Repository {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write(
      "share/vbox/system/1/casa_distro_vbox.yaml",
      """
      image_sources:
        - name: system
          tags: [latest, '1']
          system: {suite: bookworm, packages: [sudo], user: {name: casa, password: hunter2}}

      """)
    try tree.write(
      run,
      """
      dependencies: [../../system, ../../../docker/app]
      image_sources:
        - name: run
          tags: ['1']
          base: vbox/system
          steps:
            - copy: {from: data, to: /opt/data}
            - run: {script: install.sh}
            - rootfs: docker/app:1
            - environment: {CASA: "1"}
            - run: test -e /opt/data

      """)
    try tree.write("share/vbox/run/1/data/a", "a\n")
    try tree.write("share/vbox/run/1/install.sh", "true\n")
    try tree.write("share/vbox/run/1/README", "no step reads it\n")
    return tree
  }

  private static func explained(_ tree: Repository) async throws -> JSONValue {
    let run = try await tree.coppice("explain", "--json", "vbox/run:1")
    try #require(run.exitCode == 0, "\(run.all)")
    return try JSONValue(parsing: run.output)
  }

  @Test func theyStandInTheGraphBesideDockerImages() async throws {
    let tree = try await Self.tree()
    let list = try JSONValue(parsing: try await tree.coppice("list", "--json").output)
    let artifacts = list["artifacts"]?.array ?? []
    let made = try #require(artifacts.first { $0["id"]?.string == "vbox/run:1" })
    #expect(made["uses"]?.array?.map(\.string) == ["docker/app:1", "vbox/system:1"])
    #expect(made["orderOnly"]?.array?.isEmpty == true && made["kind"]?.string == "vbox")
    // A name without its kind is a docker image; a directory says what it holds.
    #expect(try await tree.coppice("status", "app").output.contains("vbox/") == false)
    let below = try await tree.coppice(["status", "."], environment: [:], in: "share/vbox/system")
    #expect(below.output.contains("vbox/system:1") && !below.output.contains("vbox/run:1"), "\(below.all)")
    let all = try await tree.coppice(["status", "share/vbox"], environment: [:], in: "")
    #expect(all.output.contains("vbox/system:1") && all.output.contains("vbox/run:1"), "\(all.all)")
  }

  @Test func ofAChangeItIsToldWhichStepsRunAgain() async throws {
    let tree = try await Self.tree()
    try await tree.build("--touch")
    #expect(Set(try await tree.states().values) == ["current"])
    try tree.write("share/vbox/run/1/README", "still nobody\n")
    #expect(Set(try await tree.states().values) == ["current"])

    try tree.write("share/vbox/run/1/install.sh", "false\n")
    #expect(try await tree.changes(of: "vbox/run:1") == ["context modified install.sh"])
    var link = try await Self.explained(tree)["chain"]?[0]
    #expect(link?["steps"]?["from"]?.integer == 2 && link?["steps"]?["of"]?.integer == 5)
    let text = try await tree.coppice("explain", "vbox/run:1").output
    #expect(text.contains("steps 2 to 5 run again; step 1 is kept"), "\(text)")
    #expect(text.contains("casa_distro_vbox.yaml:8:") && text.contains("+false"), "\(text)")
    try tree.write("share/vbox/run/1/install.sh", "true\n")

    let yaml = try tree.directory.text(Self.run)
    try tree.write(Self.run, yaml.replacing(#"CASA: "1""#, with: #"CASA: "2""#))
    #expect(try await tree.changes(of: "vbox/run:1") == ["step modified casa_distro_vbox.yaml:10"])
    link = try await Self.explained(tree)["chain"]?[0]
    #expect(link?["steps"]?["from"]?.integer == 4)
    try tree.write(Self.run, yaml.replacing("    tags: ['1']\n", with: "    tags: ['1']\n    memory: 1GiB\n"))
    #expect(try await tree.changes(of: "vbox/run:1") == ["recipe modified memory"])
    #expect(try await tree.coppice("explain", "vbox/run:1").output.contains("no step runs again"))
    try tree.write(Self.run, yaml)

    // Of the image that is installed nothing before it.
    try tree.write("share/docker/app/1/more.txt", "more\n")
    try tree.write("share/docker/base/1/data.txt", "more\n")
    let chain = try await Self.explained(tree)["chain"]?.array ?? []
    #expect(chain.first?["steps"]?["from"]?.integer == 3)
    let uncertain = try await tree.coppice("explain", "vbox/run:1").output
    #expect(uncertain.contains("steps 1 to 2 are kept, unless upstreams come out the same"), "\(uncertain)")
    #expect(chain.compactMap { $0["id"]?.string } == ["vbox/run:1", "docker/app:1", "docker/base:1"])
  }

  @Test func faultsOfBothTreesComeInOneRun() async throws {
    let tree = try await Self.tree()
    let yaml = try tree.directory.text(Self.run)
    try tree.write(Self.run, yaml.replacing("docker/app:1", with: "docker/apq:1").replacing("base:", with: "bsae:"))
    try tree.write("share/docker/app/1/casa_distro_docker.yaml", "image_sources: []\n")
    let run = try await tree.coppice("status")
    #expect(run.exitCode == 2)
    for fault in [
      "5:5: error: unknown key 'bsae' in an image source", "did you mean 'base'?",
      "error: the image source has no base", "error: 'image_sources' is empty",
    ] {
      #expect(run.errorOutput.contains(fault), "\(run.all)")
    }
    try tree.write(Self.run, yaml)
    try Laboratory.files.remove(tree.directory / "share/vbox/run/1/install.sh")
    try tree.define(
      "app/1", "dependencies: [../../base]\nimage_sources:\n  - {name: app, tags: ['1']}\n",
      dockerfile: "FROM cati/base:1\n")
    for command in [["lint"], ["status"], ["build", "-n"]] {
      let run = try await tree.coppice(command, environment: [:])
      #expect(run.exitCode == 2 && run.all.contains("8:23: error: 'install.sh' does not exist"), "\(run.all)")
    }
  }

  @Test func aPasswordStandsNowhereButInItsDefinition() async throws {
    let tree = try await Self.tree()
    try await tree.build("--touch")
    try tree.write(
      "share/vbox/system/1/casa_distro_vbox.yaml",
      try tree.directory.text("share/vbox/system/1/casa_distro_vbox.yaml").replacing("hunter2", with: "hunter3"))
    let text = try await tree.coppice("explain", "vbox/system:1").output
    #expect(text.contains("system user password changed") && !text.contains("hunter"), "\(text)")
    #expect(try await tree.changes(of: "vbox/system:1") == ["recipe modified system user password"])
  }

  @Test func disksOfStepsOfTodayStayAndOthersAreCollected() async throws {
    let tree = try await Repository()
    let path: FilePath = "share/vbox/m/1/casa_distro_vbox.yaml"
    let yaml = """
      image_sources:
        - name: m
          tags: ['1']
          base: disk.raw
          steps:
            - copy: {from: data, to: /data}
            - run: "true"

      """
    try tree.write(path, yaml)
    try tree.write("share/vbox/m/1/disk.raw", "a disk")
    try tree.write("share/vbox/m/1/data", "data")
    try await tree.build("--touch")
    func keys() throws -> [Digest] {
      let scan = DefinitionScanner(files: Laboratory.files).scan(
        SearchPath(repository: tree.directory.path, home: nil, builtin: nil),
        settings: Settings(repository: tree.directory.path), platform: .host)
      guard case .machine(let recipe)? = scan.recipes.first else { throw Failure("\(scan.diagnostics)") }
      let reader = InputReader(files: Laboratory.files, programDirectories: [])
      let snapshot = try reader.snapshot(of: .machine(recipe), index: FileIndex())
      return MachineStepKeys(
        of: recipe,
        reader.inputs(of: .machine(recipe), snapshot: snapshot, bases: [], upstreams: [], generation: 0)
      ).keys
    }
    let first = try keys()
    // The head of a qcow2 file that lies on nothing.
    let head = [0x51, 0x46, 0x49, 0xFB] + [UInt8](repeating: 0, count: 60)
    func lay(_ keys: [Digest]) throws {
      for key in keys {
        try tree.write(".coppice/store/machines/\(key.hex).qcow2", String(repeating: "x", count: 64))
        try Laboratory.files.replace(
          tree.directory / FilePath(".coppice/store/machines/\(key.hex).qcow2"), with: head, mode: 0o444)
      }
    }
    func kept() throws -> Set<String> {
      Set(try Laboratory.files.names(of: tree.directory / ".coppice/store/machines").compactMap(\.name.text))
    }
    try lay(first + [.sha256("another")])
    var run = try await tree.coppice("gc", "--json")
    #expect(try JSONValue(parsing: run.output)["overlays"]?.integer == 1, "\(run.all)")
    #expect(try kept() == Set(first.map { "\($0.hex).qcow2" }))

    // After an edit of the last step its disk is nobody's.
    try tree.write(path, yaml.replacing(#""true""#, with: #""false""#))
    run = try await tree.coppice("gc")
    #expect(run.output.contains("1 disk of VM images' steps removed"), "\(run.all)")
    #expect(try kept() == Set(first.dropLast().map { "\($0.hex).qcow2" }))
    #expect(try keys().dropLast() == first.dropLast())
  }

  @Test func builtinOnesAreThereForWhoNamesThem() async throws {
    let tree = try await Repository()
    let builtin = ["COPPICE_BUILTIN": (Laboratory.sources / "share").description as String?]
    let all = try await tree.coppice(["status"], environment: builtin)
    #expect(all.exitCode == 0 && all.output.contains("docker/casa-run:debian-12") && !all.output.contains("vbox/"))
    let list = try await tree.coppice(["list", "--json", "vbox/*"], environment: builtin)
    let ids = try JSONValue(parsing: list.output)["artifacts"]?.array?.compactMap { $0["id"]?.string }
    #expect(ids == ["vbox/casa-run:debian-12", "vbox/casa-system:debian-12"])
    let lint = try await tree.coppice(["lint", "--strict", "vbox/*"], environment: builtin)
    #expect(lint.exitCode == 0 && lint.output == "nothing to say\n", "\(lint.all)")
  }
}
