import BuildEngine
import ContentStore
import HostSystem
import ImageModel
import MachineTools
import TestSupport
import Testing

/// Where machines are made for tests, if at all.
enum Machines {
  static var directory: FilePath? { ProcessEnvironment.current["COPPICE_MACHINES"].map { FilePath($0) } }
}

/// Real machines: packages are fetched, guests booted. `make machines` runs these, with a directory that is kept between runs
/// and holds the base; they take minutes without KVM.
@Suite(.serialized, .enabled(if: Machines.directory != nil, "make machines boots real guests"))
struct RealMachineTests {
  private let bench: MachineBench
  private let base: MachineRecipe

  init() throws {
    bench = MachineBench(try #require(Machines.directory))
    var system = MachineSystem(suite: "bookworm", hostname: "casa")
    // The smallest kernel that Debian has.
    system.packages = ["linux-image-cloud-amd64"]
    system.hasGuestAdditions = false
    var user = MachineUser(name: "brainvisa")
    (user.password, user.isAdministrator) = (.known("a:b'c\"d $e"), true)
    system.user = user
    base = try bench.recipe("casa-system", base: .system(system))
  }

  private func boot(_ recipe: MachineRecipe, _ command: String) async throws -> String {
    try await BootedMachine(disk: bench.file(recipe, .vdi)).run(command, user: "brainvisa", password: "a:b'c\"d $e")
  }

  @Test func aBaseOfPackagesBootsAndItsUserLogsIn() async throws {
    try await bench.build(base)
    let shown = try await boot(
      base, "uname -s; dpkg --audit && echo whole; hostname; sudo -n id -u; locale -a | grep -c en_US")
    #expect(shown.contains("whole") && shown.contains("casa") && shown.contains("\n0\n1\n"), "\(shown.suffix(3000))")
  }

  /// An image of the same suite with a program, a user whose number the machine has given to somebody else, and what every
  /// docker image of Debian has against services.
  private func image() async throws -> ArtifactOutput {
    let directory = bench.directory / "image"
    let files = bench.files
    if try files.statusIfPresent(of: directory / "archive.tar") == nil {
      try files.createDirectory(directory)
      let hook = """
        chroot "$1" useradd --create-home casa
        printf own > "$1/home/casa/own"; chroot "$1" chown casa: /home/casa/own
        printf '#!/bin/sh\nexit 101\n' > "$1/usr/sbin/policy-rc.d"
        printf container > "$1/etc/hostname"
        """
      try await run(
        "mmdebstrap", "--variant=minbase", "--include=file", "--customize-hook=" + hook, "bookworm",
        (directory / "layer.tar").description)
      let diffID = try files.digest(of: directory / "layer.tar")
      try files.replace(
        directory / "config.json",
        with: Array(
          #"{"os":"linux","architecture":"amd64","config":{},"rootfs":{"type":"layers","diff_ids":["\#(diffID)"]}}"#
            .utf8),
        mode: 0o644)
      try files.replace(
        directory / "manifest.json",
        with: Array(#"[{"Config":"config.json","RepoTags":null,"Layers":["layer.tar"]}]"#.utf8), mode: 0o644)
      try await run(
        "tar", "-C", directory.description, "-cf", (directory / "archive.tar").description, "layer.tar", "config.json",
        "manifest.json")
    }
    return try bench.store.importArchive(try files.open(directory / "archive.tar")).output
  }

  private func run(_ words: String...) async throws {
    let result = try await PosixProcessRunner().capture(ProcessCommand(words, environment: ProcessEnvironment.current))
    #expect(result.status.isSuccess, "\(words[0]): \(String(decoding: result.errorOutput, as: UTF8.self).suffix(2000))")
  }

  private func derived(_ third: String = "command -v file") throws -> MachineRecipe {
    let location = ImageModel.SourceLocation(file: bench.directory / "definition/casa_distro_vbox.yaml", line: 9)
    func source(_ path: String) -> Located<String> { Located(path, at: location) }
    let id = ArtifactID(kind: .docker, name: "casa-run", tag: "1")
    var recipe = try bench.recipe(
      "casa-run", base: .machine(base.id),
      [
        .copy(MachineCopy(from: [source("data")], to: "/opt/", owner: "brainvisa", mode: 0o640)),
        .rootfs(MachineRootFS(image: id, exclude: ["/usr/share/doc/file"])),
        .run(MachineRun(.shell("set -e; \(third); printf \"$CASA\" > /opt/ran"))),
        .environment(["CASA": "a 'value'"]),
        .run(MachineRun(.script(source("step.sh"), ["one", "two words"]))),
        .userInstall(MachineUserInstall(from: source("software"), to: "/casa/install")),
      ])
    // More than the base has: its file system grows.
    recipe.hardware.diskSize = 5 << 30
    return recipe
  }

  @Test func aRunImageHasTheFilesOfItsImageAndStaysAMachine() async throws {
    try await bench.build(base)
    let files = bench.files
    for (path, text) in [
      ("data/deep/file", "copied"), ("software/bin/casa-tool", "#!/bin/sh\necho tool runs\n"),
      ("step.sh", "#!/bin/sh\necho \"$CASA:$1:$2\" > /opt/script\n"),
    ] {
      let place = bench.directory / "definition" / FilePath(path)
      try files.createDirectory(place.parent)
      try files.replace(place, with: Array(text.utf8), mode: 0o755)
    }
    let recipe = try derived()
    let machine = try #require(try bench.store.machine(for: try await bench.build(base)))
    let upstreams = [
      base.id: try #require(machine.output), ArtifactID(kind: .docker, name: "casa-run", tag: "1"): try await image(),
    ]
    try await bench.build(recipe, upstreams)
    let shown = try await boot(
      recipe,
      """
      cat /opt/data/deep/file; stat -c %U:%a /opt/data/deep/file; file -b /bin/sh; stat -c %U /home/casa/own; id -u casa; \
      dpkg --audit && dpkg -s file linux-image-cloud-amd64 | grep -c '^Status: install ok installed'; hostname; \
      ls /usr/sbin/policy-rc.d /usr/share/doc/file; cat /opt/script; bash -lc casa-tool; df --output=size -BG / | tail -n 1; \
      sudo -n apt-get check && echo consistent; systemctl is-system-running
      """)
    for expected in [
      "copiedbrainvisa:640\n", "symbolic link to dash", "casa\n1001\n", "\n2\ncasa\n",
      "cannot access '/usr/sbin/policy-rc.d'", "cannot access '/usr/share/doc/file'", "a 'value':one:two words\n",
      "tool runs\n", "5G\n", "consistent\n",
    ] { #expect(shown.contains(expected), "\(expected): \(shown.suffix(5000))") }
    // What is changed runs again, with all that follows; nothing else does.
    try await bench.build(try derived("command -v dpkg"), upstreams)
    #expect(bench.stepsRun.map { String($0.prefix(6)) } == ["step 3", "step 4", "step 5", "step 6"])
    // Without any disk in between, the machine is made anew from what was written, and holds the same.
    let content = try await bench.build(recipe, upstreams).content
    try files.removeTree(bench.store.overlays.directory)
    let again = try await bench.build(recipe, upstreams)
    #expect(again.content == content)
    #expect(bench.stepsRun.count == 6)
  }

  @Test func twoBuildsOfOneBaseHoldTheSame() async throws {
    let first = try await bench.build(base)
    try bench.files.removeTree(bench.store.overlays.directory)
    #expect(try await bench.build(base).content == first.content)
  }

  @Test func whatGoesWrongInAGuestIsToldAndLeavesNothing() async throws {
    try await bench.build(base)
    let upstreams = [base.id: try await bench.build(base)]
    func failure(_ run: MachineRun) async throws -> StepFailure? {
      let recipe = try bench.recipe("casa-bad", base: .machine(base.id), [.run(run)])
      return await #expect(throws: StepFailure.self) { try await bench.build(recipe, upstreams) }
    }
    let failed = try await failure(MachineRun(.shell("echo some words; exit 3")))
    #expect(failed?.message.contains("exit status 3") ?? false && failed?.message.contains("some words") ?? false)
    let hung = try await failure(MachineRun(.shell("echo waiting; sleep 1000"), timeLimit: .seconds(5)))
    #expect(hung?.message.contains("within 5 seconds") ?? false && hung?.message.contains("waiting") ?? false)
    let full = try await failure(MachineRun(.shell("cat /dev/zero > /filler")))
    #expect(full?.message.contains("disk of the guest is full") ?? false)
    let left = try bench.files.names(of: bench.store.overlays.directory).filter { $0.name.bytes.first == 46 }
    #expect(left.isEmpty, "no half-made disk")
    #expect(try bench.files.names(of: bench.store.temporary).isEmpty)
  }
}
