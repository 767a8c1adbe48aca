import DefinitionScan
import DependencyGraph
import ImageModel
import TestSupport
import Testing

/// `casa_distro_vbox.yaml`: what is read of it, and what is told of its faults.
struct MachineDefinitionTests {
  private static let digest = Digest.sha256("disk")

  private static func workshop(_ definitions: [FilePath: String]) -> Workshop {
    let workshop = Workshop([
      "run/casa_distro_docker.yaml": Workshop.definition(name: "run", tags: "[latest, '12']"),
      "run/Dockerfile": "FROM debian:12\n",
    ])
    for (path, text) in definitions {
      workshop.files.write("/r/share/vbox" / path / "casa_distro_vbox.yaml", text)
    }
    return workshop
  }

  private static func image(_ lines: String, name: String = "m", tags: String = "['1']") -> String {
    Workshop.definition(lines, name: name, tags: tags)
  }

  private static func machine(_ id: String, in tree: DefinitionTree) throws -> MachineRecipe {
    let found = tree.recipes.first { $0.id.description == id }
    guard case .machine(let machine)? = found else { throw Failure("\(id) is no machine") }
    return machine
  }

  private static func faults(_ lines: String) -> [String] {
    workshop(["a": image(lines)]).scan().diagnostics.map(Workshop.short)
  }

  @Test func everyKeyIsRead() throws {
    let tree = Self.workshop([
      "system/12": Self.image(
        """
        visibility: private
        memory: 2048
        cpus: 4
        video_memory: 128MiB
        accelerate_3d: true
        disk_size: 32GiB
        formats: [ova]
        max_age: 30d
        system:
          suite: bookworm
          packages: [sudo, xfce4]
          mirror: http://mirror.example/debian
          components: [main, contrib]
          hostname: casa
          user: {name: brainvisa, password: brainvisa, autologin: true, sudo: true}
          root_password: {env: ROOT_PASSWORD}
          locale: fr_FR.UTF-8
          keyboard: fr
          timezone: Europe/Paris
          boot_loader: grub
          guest_additions: false
        """, name: "system", tags: "[latest, '12']"),
      "run/12": Self.image(
        """
        base: cati/system
        steps:
          - copy: {from: data/, to: /opt/data, owner: "brainvisa:users", mode: "0640"}
          - copy: {from: [a, ./b/../c], to: /opt/}
          - run: apt-get install -y vim
          - run: [touch, /a b]
          - run: {script: install.sh, arguments: [x], network: true, timeout: 30m}
          - environment: {CASA: "1"}
          - rootfs: {image: docker/run, path: /, exclude: [/boot]}
          - rootfs: run:12
          - user_install: {from: /home/me/install}
        """),
    ]).scan()
    #expect(tree.diagnostics.map(Workshop.short) == [])
    #expect(tree.ids == ["docker/run:12", "vbox/m:1", "vbox/system:12"])

    let system = try Self.machine("vbox/system:12", in: tree)
    #expect(system.definition.path == "../vbox/system/12")
    #expect(system.reference.description == "cati/system:12")
    #expect(system.visibility == .private && system.maxAge == .seconds(30 * 86_400) && system.formats == [.ova])
    var hardware = MachineHardware()
    (hardware.memory, hardware.cpus, hardware.videoMemory) = (2048, 4, 128)
    (hardware.accelerates3D, hardware.diskSize) = (true, 32 << 30)
    #expect(system.hardware == hardware)
    guard case .system(let made) = system.base else { throw Failure("no system") }
    #expect(made.suite == "bookworm" && made.packages == ["sudo", "xfce4"] && made.components == ["main", "contrib"])
    #expect(made.mirror == "http://mirror.example/debian" && made.hostname == "casa" && !made.hasGuestAdditions)
    #expect(made.locale == "fr_FR.UTF-8" && made.keyboard == "fr" && made.timezone == "Europe/Paris")
    #expect(made.bootLoader == .grub && made.rootPassword == .secret(.environment("ROOT_PASSWORD")))
    #expect(made.user?.name == "brainvisa" && made.user?.password == .known("brainvisa"))
    #expect(made.user?.logsInAutomatically == true && made.user?.isAdministrator == true)

    let run = try Self.machine("vbox/m:1", in: tree)
    // Aliases and namespaces are looked up.
    let (base, image) = (ArtifactID("vbox/system:12"), ArtifactID("docker/run:12"))
    #expect(run.base == base.map(MachineBase.machine))
    #expect(run.upstreams == [image, base].compactMap(\.self))
    #expect(run.steps.map(\.location.line) == Array(6...14))
    let actions = run.steps.map(\.action)
    guard case .copy(let first) = actions[0], case .copy(let second) = actions[1], case .run(let shell) = actions[2],
      case .run(let words) = actions[3], case .run(let script) = actions[4],
      case .environment(let variables) = actions[5], case .rootfs(let rootfs) = actions[6],
      case .userInstall(let install) = actions[8]
    else { throw Failure("other steps: \(actions)") }
    #expect(first.from.map(\.value) == ["data"] && first.to == "/opt/data")
    #expect(first.owner == "brainvisa:users" && first.mode == 0o640)
    #expect(second.from.map(\.value) == ["a", "c"] && second.mode == nil)
    #expect(shell.program == .shell("apt-get install -y vim") && !shell.usesNetwork)
    #expect(words.program == .command(["touch", "/a b"]))
    #expect(script.usesNetwork && script.timeLimit == .seconds(1800))
    if case .script(let path, let arguments) = script.program {
      #expect(path.value == "install.sh" && arguments == ["x"])
    }
    #expect(variables == ["CASA": "1"] && rootfs.exclude == ["/boot"] && rootfs.image == image)
    #expect(install.from.value == "/home/me/install" && install.to == "/casa/install")
  }

  @Test(arguments: [
    ("base: ../disks/a.vdi", MachineFile.Place.path("../disks/a.vdi"), MachineDiskFormat.vdi, false),
    ("base: {file: a.img, sha256: \(digest.hex)}", .path("a.img"), .raw, true),
    ("base: {url: https://h/a.ova, sha256: \(digest)}", .url("https://h/a.ova"), .ova, true),
    ("base: {url: https://h/get, sha256: \(digest.hex), format: qcow2}", .url("https://h/get"), .qcow2, true),
  ])
  func aBaseFromOutsideIsAFileOrAURL(
    _ text: String, _ place: MachineFile.Place, _ format: MachineDiskFormat, _ hasDigest: Bool
  ) throws {
    let tree = Self.workshop(["a": Self.image(text)]).scan()
    #expect(tree.diagnostics.map(Workshop.short) == [])
    guard case .disk(let file, let found) = try Self.machine("vbox/m:1", in: tree).base else {
      throw Failure("no disk")
    }
    #expect(file.place == place && found == format && file.digest == (hasDigest ? Self.digest : nil))
  }

  @Test func anInstallerHasItsAnswers() throws {
    let tree = Self.workshop([
      "a": Self.image("iso: {url: https://h/d.iso, sha256: \(Self.digest.hex), preseed: p.cfg}")
    ])
    .scan()
    guard case .installer(let installer) = try Self.machine("vbox/m:1", in: tree).base else {
      throw Failure("no installer")
    }
    #expect(installer.dialect == .preseed && installer.answers == "p.cfg" && installer.medium.digest == Self.digest)
  }

  @Test(arguments: [
    ("base: x.vdi\nmemry: 3", "5:5 error: unknown key 'memry' in an image source"),
    ("memory: 2048", "2:5 error: the image source has no base"),
    ("base: x.vdi\nsystem: {suite: bookworm}", "5:13 error: 'system' is a second base, after 'base'"),
    ("base: vbox/none:1", "4:11 error: no definition makes vbox/none:1"),
    ("base: docker/run:12", "4:11 error: 'docker/run:12' is not the name of a VM image of the tree"),
    ("base: https://h/a.vdi", "4:11 error: what a URL leads to may change: it needs its sha256"),
    ("base: {url: ftp://h/a.vdi, sha256: \(digest.hex)}", "4:17 error: 'ftp://h/a.vdi' is not a URL"),
    ("base: {file: disk}", "4:18 error: the name 'disk' does not tell what it is"),
    ("base: {file: a.vdi, sha256: 12}", "4:33 error: '12' is not a SHA-256"),
    ("base: {}", "4:11 error: 'base' needs either 'file' or 'url'"),
    ("system: {packages: [vim]}", "4:13 error: 'system' lacks 'suite'"),
    ("system: {suite: --shell}", "4:21 error: '--shell' cannot be 'suite'"),
    ("system: {suite: a, packages: ['x y']}", "4:35 error: 'x y' cannot be an element of 'packages'"),
    ("system: {suite: a, user: Root}", "4:30 error: 'Root' cannot be 'user'"),
    ("system: {suite: a, user: {name: u, password: {}}}", "4:50 error: 'password' needs either 'env' or 'file'"),
    ("iso: {file: a.iso}", "4:10 error: 'iso' needs either 'preseed' or 'autoinstall'"),
    (
      "base: x.vdi\nmemory: 12",
      "5:13 error: 'memory' must be a number of MiB from 64 to 4194304, or a size such as 8GiB"
    ),
    ("base: x.vdi\nformats: [vmdk]", "5:15 error: a format must be one of vdi, ova, not 'vmdk'"),
    ("base: x.vdi\nformats: []", "5:14 error: 'formats' is empty"),
    (
      "base: x.vdi\nsteps: [{run: a, copy: {from: a, to: /b}}]",
      "5:13 error: a step needs exactly one of copy, run, environment, rootfs, user_install"
    ),
    ("base: x.vdi\nsteps: [{cpoy: a}]", "5:14 error: unknown key 'cpoy' in a step"),
    (
      "base: x.vdi\nsteps: [{copy: {from: ../a, to: /b}}]",
      "5:27 error: 'from' '../a' must be a path inside of the definition's directory"
    ),
    (
      "base: x.vdi\nsteps: [{copy: {from: ., to: /b}}]",
      "5:27 error: 'from' '.' must be a path inside of the definition's directory"
    ),
    ("base: x.vdi\nsteps: [{copy: {from: a, to: b}}]", "5:34 error: 'to' 'b' must be an absolute path without '..'"),
    ("base: x.vdi\nsteps: [{copy: {from: [a, b], to: /c}}]", "5:39 error: several files need a directory to go to"),
    ("base: x.vdi\nsteps: [{copy: {from: a, to: /c, mode: '9'}}]", "5:44 error: '9' is not a mode"),
    ("base: x.vdi\nsteps: [{copy: {to: /c}}]", "5:20 error: 'copy' lacks 'from'"),
    ("base: x.vdi\nsteps: [{run: {network: true}}]", "5:19 error: 'run' needs either 'command' or 'script'"),
    (
      "base: x.vdi\nsteps: [{run: {command: a, timeout: 3}}]",
      "5:41 error: 'timeout' must be a number and one of s, m, h, such as 30m"
    ),
    ("base: x.vdi\nsteps: [{environment: {1A: b}}]", "5:32 error: '1A' is no name of a variable"),
    ("base: x.vdi\nsteps: [{rootfs: docker/rnu:12}]", "5:22 error: no definition makes docker/rnu:12"),
    (
      "base: x.vdi\nsteps: [{rootfs: {image: run:12, exclude: [boot]}}]",
      "5:48 error: 'boot' is not an absolute path of the image"
    ),
  ])
  func everyFaultHasItsPlace(_ lines: String, _ fault: String) {
    #expect(Self.faults(lines) == [fault])
  }

  @Test func allFaultsComeInOneRun() {
    let faults = Self.faults("cpus: 0\nformats: [x]\nbase: a.vdi\nsteps:\n  - run: []\n  - rootfs: none\n")
    #expect(faults.count == 4, "\(faults)")
  }

  @Test func nearNamesAreSuggested() {
    let tree = Self.workshop(["a": Self.image("base: x.vdi\nsteps: [{rootfs: rnu:12}]")]).scan()
    #expect(tree.diagnostics.map(\.help) == ["did you mean 'docker/run:12'?"])
  }

  @Test func ofTwoWithOneNameTheSecondIsTold() {
    let tree = Self.workshop([
      "a": Self.image("base: x.vdi"), "b": Self.image("base: x.vdi"),
      "c": Self.image("base: x.vdi", name: "m-1", tags: "[x]"),
      "d": Self.image("base: x.vdi", tags: "[1-x]"),
    ]).scan()
    #expect(
      tree.diagnostics.map(\.message) == [
        "vbox/m:1 is declared twice, first at /r/share/vbox/a/casa_distro_vbox.yaml:2:11",
        "vbox/m:1-x and vbox/m-1:x, at /r/share/vbox/c/casa_distro_vbox.yaml:2:11, would both be written to files called 'm-1-x'",
      ])
  }

  @Test func theEarlierOfTwoDirectoriesWinsAndBuiltinOnesAreNotAskedForByAll() throws {
    let workshop = Self.workshop(["a/1": Self.image("base: x.vdi", name: "own")])
    workshop.files.write(
      "/builtin/vbox/a/1/casa_distro_vbox.yaml", Self.image("base: x.vdi", name: "hidden"))
    workshop.files.write("/builtin/vbox/b/1/casa_distro_vbox.yaml", Self.image("base: x.vdi", name: "builtin"))
    let tree = workshop.scan(builtin: "/builtin")
    #expect(tree.ids == ["docker/run:12", "vbox/builtin:1", "vbox/own:1"])
    #expect(tree.overridden.map(\.path) == ["../vbox/a/1"])
    #expect(tree.recipes.filter(tree.isDefaultSelection).map(\.id.name) == ["run", "own"])

    let alone = Workshop()
    alone.files.write("/builtin/vbox/b/1/casa_distro_vbox.yaml", Self.image("base: x.vdi", name: "builtin"))
    let builtin = alone.scan(builtin: "/builtin")
    #expect(builtin.recipes.filter(builtin.isDefaultSelection).isEmpty)
  }

  @Test func aBuiltinImageThatCannotBeMadeHereIsLeftOut() {
    let workshop = Self.workshop([:])
    workshop.files.write(
      "/builtin/vbox/b/1/casa_distro_vbox.yaml", Self.image("base: x.vdi\nsteps: [{rootfs: none:1}]", name: "b"))
    workshop.files.write("/builtin/vbox/c/1/casa_distro_vbox.yaml", Self.image("base: b:1", name: "c"))
    workshop.files.write("/builtin/vbox/d/1/casa_distro_vbox.yaml", Self.image("base: x.vdi", name: "d"))
    let tree = workshop.scan(builtin: "/builtin")
    #expect(tree.ids == ["docker/run:12", "vbox/d:1"] && tree.diagnostics.isEmpty)
  }

  @Test func dependenciesReachBothTreesAndOnlyOrder() throws {
    let workshop = Self.workshop([
      "a": "dependencies: [../b, ../../docker/run, ../../docker/none, ../../else]\n" + Self.image("base: x.vdi"),
      "b": Self.image("base: x.vdi", name: "b"),
    ])
    let tree = workshop.scan()
    #expect(
      tree.diagnostics.map(\.message) == [
        "the dependency '../../docker/none' does not exist",
        "the dependency '../../else' leaves the tree of definitions",
      ])
    let (graph, faults) = GraphBuilder.build(tree.declarations)
    let id = try #require(ArtifactID("vbox/m:1"))
    #expect(faults.isEmpty && graph[id]?.uses == [])
    #expect(graph[id]?.orderOnly.map(\.description) == ["docker/run:12", "vbox/b:1"])
  }

  @Test func aDockerfileNeverUsesAVMImage() throws {
    let workshop = Self.workshop(["a": Self.image("base: x.vdi", name: "debian", tags: "['12']")])
    let (graph, _) = GraphBuilder.build(workshop.scan().declarations)
    let id = try #require(ArtifactID("docker/run:12"))
    #expect(graph[id]?.uses == [] && graph[id]?.bases.map(\.reference.description) == ["debian:12"])
  }

  @Test func aCircleOfBasesIsTold() {
    let tree = Self.workshop([
      "a": Self.image("base: b:1", name: "a"), "b": Self.image("base: a:1", name: "b"),
    ]).scan()
    let (_, faults) = GraphBuilder.build(tree.declarations)
    #expect(tree.diagnostics.isEmpty)
    #expect(faults.map(\.message) == ["images use each other in a circle: vbox/a:1 → vbox/b:1 → vbox/a:1"])
  }

  @Test(arguments: [
    ("vbox/*", ["vbox/m:1", "vbox/run:12"]), ("vbox/run", ["vbox/run:12"]), ("run:12", ["docker/run:12"]),
    ("run", ["docker/run:12"]), ("m:1", ["vbox/m:1"]), ("cati/m", ["vbox/m:1"]), ("share/vbox/a", ["vbox/m:1"]),
    ("share/vbox", ["vbox/m:1", "vbox/run:12"]), ("+vbox/run:12", ["docker/run:12", "vbox/m:1", "vbox/run:12"]),
    ("docker/run+", ["docker/run:12", "vbox/run:12"]), ("*", ["docker/run:12"]),
  ])
  func aNameWithoutItsKindIsADockerImage(_ pattern: String, _ found: [String]) throws {
    let tree = Self.workshop([
      "a": Self.image("base: x.vdi"),
      "run": Self.image("base: m:1\nsteps: [{rootfs: run:12}]", name: "run", tags: "['12']"),
    ]).scan()
    #expect(tree.diagnostics.isEmpty)
    let (graph, _) = GraphBuilder.build(tree.declarations)
    let selection = Selection(graph: graph, all: [])
    #expect(try selection.artifacts(matching: [pattern]).sorted().map(\.description) == found)
  }
}
