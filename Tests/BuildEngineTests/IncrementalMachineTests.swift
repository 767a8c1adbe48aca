import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What a change costs a VM image: change, the steps that run with their reasons, and the first of its five that runs again.
struct IncrementalMachineTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var expected: [String]
    /// Counted from one; 0 for the base, 6 for none of five; nil where the image stays.
    var redone: Int?
    var change: @Sendable (World) async throws -> Void

    init(
      _ name: String, runs expected: [String], redone: Int? = nil,
      after change: @escaping @Sendable (World) async throws -> Void
    ) {
      (self.name, self.expected, self.redone, self.change) = (name, expected, redone, change)
    }

    var testDescription: String { name }
  }

  private static let vm = ArtifactID(kind: .vbox, name: "vm", tag: "1")
  private static let system = ArtifactID(kind: .vbox, name: "system", tag: "1")
  private static let run = "vbox/vm:1"

  /// `vm` is made from `system`, and its third step installs the docker image `run`, which is made from `base`.
  private static func world() -> World {
    let world = World("debian:12 <- base <- run, ubuntu:24.04 <- lonely")
    func place(_ line: Int) -> ImageModel.SourceLocation {
      SourceLocation(file: "/repository/vm/casa_distro_vbox.yaml", line: line, column: 9)
    }
    let definition = DefinitionSource(path: "../vbox/vm", directory: "/repository/vm", origin: .repository)
    world.machine(
      MachineRecipe(
        id: system, definition: definition, location: place(1),
        reference: ImageReference(repository: "cati/system", tag: "1"),
        base: .system(MachineSystem(suite: "bookworm", hostname: "system"))))
    let actions: [MachineStep.Action] = [
      .copy(MachineCopy(from: [Located("data", at: place(11))], to: "/opt/data")),
      .run(MachineRun(.script(Located("install.sh", at: place(12)), []))),
      .rootfs(MachineRootFS(image: TreeText.id("run"))), .environment(["CASA": "1"]),
      .run(MachineRun(.shell("true"))),
    ]
    world.machine(
      MachineRecipe(
        id: vm, definition: definition, location: place(10),
        reference: ImageReference(repository: "cati/vm", tag: "1"), base: .machine(system),
        steps: actions.enumerated().map { MachineStep($1, at: place(11 + $0)) }))
    world.files.write("vm/data/a", "a")
    world.files.write("vm/install.sh", "true")
    world.files.tick(.seconds(10))
    return world
  }

  static let rows: [Row] = [
    Row("nothing", runs: []) { _ in },
    Row("an image that is not installed", runs: ["lonely: context ~file"]) { $0.edit("lonely") },
    Row("a file that no step reads", runs: []) { $0.files.write("vm/README", "x") },
    Row("a file of step 1", runs: ["\(run): context ~data/a"], redone: 1) { $0.files.write("vm/data/a", "b") },
    Row("a new file of step 1", runs: ["\(run): context +data/b"], redone: 1) { $0.files.write("vm/data/b", "b") },
    Row("the script of step 2", runs: ["\(run): context ~install.sh"], redone: 2) {
      $0.files.write("vm/install.sh", "false")
    },
    Row(
      "step 3", runs: ["\(run): step ~rootfs docker/run:1 path / exclude /boot"], redone: 3
    ) { $0.change(step: 3, of: vm, to: .rootfs(MachineRootFS(image: TreeText.id("run"), exclude: ["/boot"]))) },
    Row("step 4", runs: ["\(run): step ~environment CASA=2"], redone: 4) {
      $0.change(step: 4, of: vm, to: .environment(["CASA": "2"]))
    },
    Row("the last step", runs: ["\(run): step ~run sh -c false"], redone: 5) {
      $0.change(step: 5, of: vm, to: .run(MachineRun(.shell("false"))))
    },
    Row("memory", runs: ["\(run): recipe ~memory"], redone: 6) { world in
      world.change(vm) { $0.hardware.memory = 1024 }
    },
    Row("the size of the disk", runs: ["\(run): recipe ~disk_size"], redone: 0) { world in
      world.change(vm) { $0.hardware.diskSize = 1 << 30 }
    },
    Row("the image that is installed", runs: ["run: context ~file", "\(run): from run"], redone: 3) { $0.edit("run") },
    Row(
      "what that image is made from", runs: ["base: context ~file", "run: from base", "\(run): from run"], redone: 3
    ) { $0.edit("base") },
    Row("an image that comes out the same", runs: ["run =: context ~file"]) { world in
      let output = try #require(world.record("run")).output
      world.runner.behave(TreeText.id("run")) { _ in output }
      world.edit("run")
    },
    Row("an image that comes out with other times", runs: ["run =: context ~file"]) { world in
      let output = try #require(try world.ledger()[TreeText.id("run")]).output
      world.runner.behave(TreeText.id("run")) { _ in
        ArtifactOutput(digest: .sha256("times"), content: output.content, size: 1)
      }
      try world.change { ledger in
        ledger[TreeText.id("run")]?.output.content = .sha256("content")
      }
      world.runner.behave(TreeText.id("run")) { _ in
        ArtifactOutput(digest: .sha256("times"), content: .sha256("content"), size: 1)
      }
      world.edit("run")
    },
    Row("the base", runs: ["vbox/system:1: recipe ~system packages", "\(run): from vbox/system:1"], redone: 0) {
      world in
      world.change(system) { machine in
        var made = MachineSystem(suite: "bookworm", hostname: "system")
        made.packages = ["vim"]
        machine.base = .system(made)
      }
    },
    Row("a base that comes out the same", runs: ["vbox/system:1 =: recipe ~memory"]) { world in
      let output = try #require(try world.ledger()[system]).output
      world.runner.behave(system) { _ in output }
      world.change(system) { $0.hardware.memory = 1024 }
    },
  ]

  @Test(arguments: rows) func aChangeCostsExactly(row: Row) async throws {
    let world = Self.world()
    try await world.build()
    let before = try #require(world.keys(of: Self.vm))
    try await row.change(world)
    try await world.build()
    #expect(world.reporter.steps == row.expected)
    let job = world.runner.jobs.first { $0.recipe.id == Self.vm }
    #expect((job == nil) == (row.redone == nil))
    if let redone = row.redone {
      let after = try #require(world.keys(of: Self.vm))
      let first = zip(before, after).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 6
      #expect(first == redone)
    }
    try await world.build()
    #expect(world.reporter.steps == [])
    #expect(world.runner.violations == [])
  }

  @Test func whatIsToldBeforehandIsWhatTheKeysSay() async throws {
    for row in Self.rows {
      let world = Self.world()
      try await world.build()
      try await row.change(world)
      let plan = try world.plan()
      guard case .machine(let machine)? = world.recipes[Self.vm] else { throw Failure("no machine") }
      let reasons = plan[Self.vm]?.staleness.reasons ?? []
      let told = RedoneSteps(of: machine, after: reasons)
      // An upstream that may come out the same is told as one that does not.
      if let redone = row.redone { #expect(told?.first == redone, "\(row.name): \(reasons)") }
    }
  }
}

extension World {
  fileprivate func change(_ id: ArtifactID, _ body: (inout MachineRecipe) -> Void) {
    guard case .machine(var machine)? = recipes[id] else { preconditionFailure("no machine \(id)") }
    body(&machine)
    self.machine(machine)
  }

  fileprivate func change(step: Int, of id: ArtifactID, to action: MachineStep.Action) {
    change(id) { $0.steps[step - 1].action = action }
  }

  /// As the last job that made it has them.
  fileprivate func keys(of id: ArtifactID) -> [Digest]? {
    runner.jobs.last { $0.recipe.id == id }.flatMap { job in
      guard case .machine(let machine) = job.recipe else { return nil }
      return MachineStepKeys(of: machine, job.inputs).keys
    }
  }
}
