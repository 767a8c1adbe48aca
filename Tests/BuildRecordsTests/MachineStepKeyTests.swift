import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Keys of steps against what was changed: exactly the step and those behind it have others.
struct MachineStepKeyTests {
  /// A VM image whose steps read files, install images and run commands, as it comes.
  private struct Machine {
    static let directory: FilePath = "/r/share/vbox/m"
    let files = InMemoryFileSystem(root: "/r")
    var recipe: MachineRecipe
    var outputs: [ArtifactID: Digest] = [:]
    var generation = 0

    init(_ random: inout SeededGenerator) {
      let place = Self.place(1)
      var system = MachineSystem(suite: "bookworm", hostname: "m")
      system.packages = ["sudo"]
      let base = ArtifactID(kind: .vbox, name: "base", tag: "1")
      let bases: [MachineBase] = [
        .system(system), .machine(base), .disk(MachineFile(.path("disk.vdi"), digest: nil, location: place), .vdi),
        .disk(MachineFile(.url("https://h/d.ova"), digest: .sha256("d"), location: place), .ova),
        .installer(
          MachineInstaller(
            medium: MachineFile(.path("i.iso"), digest: nil, location: place), dialect: .preseed, answers: "p.cfg")),
      ]
      recipe = MachineRecipe(
        id: ArtifactID(kind: .vbox, name: "m", tag: "1"),
        definition: DefinitionSource(path: "../vbox/m", directory: Self.directory, origin: .repository),
        location: place, reference: ImageReference(repository: "cati/m", tag: "1"),
        base: bases.randomElement(using: &random) ?? bases[0])
      outputs[base] = .sha256("base")
      for name in ["disk.vdi", "i.iso", "p.cfg"] { files.write(Self.directory / FilePath(name), name) }
      for index in 0..<Int.random(in: 1...6, using: &random) {
        recipe.steps.append(step(index, &random))
      }
      files.tick(.seconds(10))
    }

    private static func place(_ line: Int) -> ImageModel.SourceLocation {
      SourceLocation(file: directory / "casa_distro_vbox.yaml", line: line, column: 1)
    }

    private mutating func step(_ index: Int, _ random: inout SeededGenerator) -> MachineStep {
      let place = Self.place(10 + index)
      let source = Located("files \(index)", at: place)
      let image = ArtifactID(kind: .docker, name: "image\(index)", tag: "1")
      let directory = Self.directory / FilePath(source.value)
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        for name in ["a", "b/c"] { files.write(directory / FilePath(name), "\(index) \(name)") }
        return MachineStep(.copy(MachineCopy(from: [source], to: "/opt/\(index)")), at: place)
      case 1:
        files.write(directory, "script \(index)")
        return MachineStep(.run(MachineRun(.script(source, ["x"]))), at: place)
      case 2:
        outputs[image] = .sha256("image \(index)")
        return MachineStep(.rootfs(MachineRootFS(image: image)), at: place)
      case 3: return MachineStep(.environment(["A": "\(index)"]), at: place)
      default: return MachineStep(.run(MachineRun(.shell("echo \(index)"))), at: place)
      }
    }

    func inputs() throws -> StepInputs {
      let reader = InputReader(files: files, programDirectories: [])
      let snapshot = try reader.snapshot(of: .machine(recipe), index: FileIndex())
      try #require(snapshot.diagnostics.isEmpty)
      return reader.inputs(
        of: .machine(recipe), snapshot: snapshot, bases: [],
        upstreams: recipe.upstreams.map { ($0, outputs[$0]) }, generation: generation)
    }

    func keys() throws -> [Digest] { MachineStepKeys(of: recipe, try inputs()).keys }

    /// Changes one thing that a step is made of.
    mutating func change(step index: Int, _ random: inout SeededGenerator) {
      switch recipe.steps[index].action {
      case .copy(var copy):
        switch Int.random(in: 0..<4, using: &random) {
        case 0: files.write(Self.directory / FilePath(copy.from[0].value) / "b/c", "edited")
        case 1: files.write(Self.directory / FilePath(copy.from[0].value) / "b/new", "new")
        case 2: copy.mode = 0o700
        default: copy.to += "x"
        }
        recipe.steps[index].action = .copy(copy)
      case .run(var run):
        if case .script(let path, _) = run.program, random.once(in: 2) {
          files.write(Self.directory / FilePath(path.value), "edited")
        } else {
          run.usesNetwork.toggle()
        }
        recipe.steps[index].action = .run(run)
      case .rootfs(var rootfs):
        if random.once(in: 2) { outputs[rootfs.image] = .sha256("other") } else { rootfs.exclude = ["/boot"] }
        recipe.steps[index].action = .rootfs(rootfs)
      case .environment: recipe.steps[index].action = .environment(["B": "1"])
      case .userInstall: break
      }
    }

    /// Changes one thing that the base is made of.
    mutating func changeBase(_ random: inout SeededGenerator) {
      switch Int.random(in: 0..<3, using: &random) {
      case 0: recipe.hardware.diskSize += 1 << 30
      case 1: generation += 1
      default:
        switch recipe.base {
        case .machine(let id): outputs[id] = .sha256("other base")
        case .disk(var file, let format):
          if case .url = file.place {
            file.digest = .sha256("other disk")
          } else {
            files.write(Self.directory / "disk.vdi", "other")
          }
          recipe.base = .disk(file, format)
        case .system(var system):
          system.packages.append("vim")
          recipe.base = .system(system)
        case .installer: files.write(Self.directory / "p.cfg", "other")
        }
      }
    }
  }

  @Test func aChangeHasOtherKeysFromItsStepOn() throws {
    for seed in Soak.seeds(300) {
      var random = SeededGenerator(seed: seed)
      var machine = Machine(&random)
      let (before, list) = (try machine.keys(), try machine.inputs())
      #expect(Set(before).count == before.count && before.count == machine.recipe.steps.count + 1, "seed \(seed)")
      let first = Int.random(in: 0...machine.recipe.steps.count, using: &random)
      if first == 0 { machine.changeBase(&random) } else { machine.change(step: first - 1, &random) }
      let (after, now) = (try machine.keys(), try machine.inputs())
      #expect(after[..<first] == before[..<first], "seed \(seed), step \(first)")
      #expect(zip(after, before).dropFirst(first).allSatisfy { $0 != $1 }, "seed \(seed), step \(first)")
      // What is told of the steps is what the keys say.
      #expect(now != list)
      let reasons = StalenessCheck(
        record: BuildRecord(list, output: ArtifactOutput(digest: .sha256("o")), generation: 0, refreshed: nil),
        inputs: now, recordedInputs: list, recipe: .machine(machine.recipe)
      ).reasons
      #expect(RedoneSteps(of: machine.recipe, after: reasons)?.first == first, "seed \(seed): \(reasons)")
    }
  }

  @Test func hardwareAndFormatsChangeTheFingerprintAndNoStep() throws {
    for seed in Soak.seeds(50) {
      var random = SeededGenerator(seed: seed)
      var machine = Machine(&random)
      let (before, list) = (try machine.keys(), try machine.inputs())
      switch seed % 5 {
      case 0: machine.recipe.hardware.memory += 1
      case 1: machine.recipe.hardware.cpus += 1
      case 2: machine.recipe.hardware.videoMemory += 1
      case 3: machine.recipe.hardware.accelerates3D.toggle()
      default: machine.recipe.formats = [.ova]
      }
      let now = try machine.inputs()
      #expect(try machine.keys() == before)
      #expect(now.fingerprint != list.fingerprint)
      let redone = RedoneSteps(of: machine.recipe, after: [.inputsChanged(now.changes(since: list))])
      #expect(redone?.first == machine.recipe.steps.count + 1 && redone?.description == "no step runs again")
    }
  }

  @Test func aStepThatIsPutInBetweenIsOneChange() throws {
    var random = SeededGenerator(seed: 1)
    var machine = Machine(&random)
    let run = { (text: String, line: Int) in
      MachineStep(.run(MachineRun(.shell(text))), at: SourceLocation(file: "/d", line: line, column: 1))
    }
    machine.recipe.steps = [run("a", 1), run("b", 2), run("c", 3)]
    let (keys, list) = (try machine.keys(), try machine.inputs())
    machine.recipe.steps.insert(run("new", 2), at: 1)
    for index in 2...3 { machine.recipe.steps[index].location.line += 1 }
    let after = try machine.keys()
    #expect(after.count == 5 && after[...1] == keys[...1] && Set(after[2...]).isDisjoint(with: keys))
    let reasons = StalenessCheck(
      record: BuildRecord(list, output: ArtifactOutput(digest: .sha256("o")), generation: 0, refreshed: nil),
      inputs: try machine.inputs(), recordedInputs: list, recipe: .machine(machine.recipe)
    ).reasons
    guard case .inputsChanged(let changes)? = reasons.first else { throw Failure("\(reasons)") }
    #expect(changes.map(\.after) == ["run sh -c new"] && changes.map(\.kind) == [.added])
    #expect(changes.first?.location?.line == 2)
    #expect(RedoneSteps(of: machine.recipe, after: reasons)?.description == "steps 2 to 4 run again; step 1 is kept")
  }

  @Test func aFileThatIsNoStepsIsNoInput() throws {
    var random = SeededGenerator(seed: 2)
    let machine = Machine(&random)
    let before = try machine.inputs()
    machine.files.write(Machine.directory / "README", "nobody copies it")
    machine.files.write(Machine.directory / "files 00/x", "a name that begins alike")
    #expect(try machine.inputs() == before)
  }

  @Test func timesAndPlacesOfFilesAreNoInputs() throws {
    for seed in 0..<20 {
      var random = SeededGenerator(seed: seed)
      let machine = Machine(&random)
      random = SeededGenerator(seed: seed)
      let other = Machine(&random)
      other.files.tick(.seconds(1000))
      #expect(try machine.inputs() == other.inputs())
    }
  }

  @Test func aBaseThatIsAnotherFileIsRefused() throws {
    var random = SeededGenerator(seed: 3)
    var machine = Machine(&random)
    let place = SourceLocation(file: "/d", line: 7, column: 3)
    machine.recipe.steps = []
    machine.recipe.base = .disk(MachineFile(.path("disk.vdi"), digest: .sha256("else"), location: place), .vdi)
    let reader = InputReader(files: machine.files, programDirectories: [])
    let faults = try reader.snapshot(of: .machine(machine.recipe), index: FileIndex()).diagnostics
    #expect(faults.map(\.location) == [place])
    #expect(
      faults.map(\.message) == [
        "'disk.vdi' is not the file that 'sha256' names: it has \(Digest.sha256("disk.vdi"))"
      ])
    machine.recipe.base = .disk(MachineFile(.path("none.vdi"), digest: nil, location: place), .vdi)
    let missing = try reader.snapshot(of: .machine(machine.recipe), index: FileIndex()).diagnostics
    #expect(missing.map(\.message) == ["'none.vdi' does not exist"])
  }

  @Test func linksStayLinksUnlessTheyLeadOutOfTheSource() throws {
    var random = SeededGenerator(seed: 4)
    var machine = Machine(&random)
    let directory = Machine.directory
    machine.files.write(directory / "data/x", "x")
    machine.files.write("/r/shared", "shared")
    machine.files.link(directory / "data/inner", to: "x")
    machine.files.link(directory / "data/absolute", to: "/etc/hosts")
    machine.files.link(directory / "data/outer", to: "../../../../shared")
    machine.files.link(directory / "data/nowhere", to: "../none")
    machine.recipe.base = .system(MachineSystem(suite: "bookworm", hostname: "m"))
    let source = Located("data", at: machine.recipe.location)
    machine.recipe.steps = [
      MachineStep(.copy(MachineCopy(from: [source], to: "/d")), at: machine.recipe.location)
    ]
    let files = try InputReader(files: machine.files, programDirectories: [])
      .snapshot(of: .machine(machine.recipe), index: FileIndex()).files
    #expect(
      files.map { "\(String(decoding: $0.path, as: UTF8.self)) \(Self.word($0.kind))" } == [
        "data directory", "data/absolute link", "data/inner link", "data/nowhere link", "data/outer file",
        "data/x file",
      ])
    #expect(files.below(source: "data") == files && files.below(source: "data/x").count == 1)
  }

  private static func word(_ kind: StagedFile.Kind) -> String {
    switch kind {
    case .directory: "directory"
    case .symbolicLink: "link"
    case .regular: "file"
    }
  }
}
