import BuildEngine
import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

/// A fault at every single operation of a build: said clearly, and the next run is right.
struct FaultTests {
  static let faults: [FaultyFileSystem.Fault] = [
    .noSpace, .inputOutput, .readOnly, .unreadable, .kill, .powerCut(1), .powerCut(2), .powerCut(3),
  ]

  /// Whether the build that is struck is the first one of the tree, or follows an edit.
  enum Stage: CaseIterable { case first, afterAnEdit }

  @Test(arguments: faults, Stage.allCases)
  func aFaultAnywhereIsToldAndTheNextRunIsRight(fault: FaultyFileSystem.Fault, stage: Stage) async throws {
    let memory = InMemoryFileSystem(root: "/r")
    let start = FaultBench(root: "/r", on: memory) { [memory] in memory.now / 1_000_000_000 }
    try start.plant()
    memory.tick(.seconds(10))
    if stage == .afterAnEdit {
      #expect(await start.build().isSuccess)
      try start.edit("edited\n")
      memory.tick(.seconds(10))
    }
    func bench() -> FaultBench {
      let disk = memory.duplicate()
      return FaultBench(root: "/r", on: disk, engine: start.engine.duplicate(on: disk)) { disk.now / 1_000_000_000 }
    }
    // Every place when soaking; else every so manieth, beginning where chance says.
    let step = Soak.factor > 1 ? 1 : fault == .unreadable ? 131 : 59
    var random = SeededGenerator(seed: Soak.start)
    var place = Int.random(in: 0..<step, using: &random)
    var count = 0
    let expected = try await Expectation(bench())
    while try await expected.holds(bench(), fault, at: place) {
      place += step
      count += 1
    }
    #expect(count > 1)
    Soak.tell("\(fault) \(stage): \(count) places")
  }

  @Test(arguments: [FaultyFileSystem.Fault.noSpace, .inputOutput, .kill, .powerCut(4)])
  func andSoItIsOnARealDisk(fault: FaultyFileSystem.Fault) async throws {
    let expected: Expectation
    do {
      let directory = try TemporaryDirectory()
      let bench = FaultBench(root: directory.path, on: directory.fileSystem) { 2_000_000_000 }
      try bench.plant()
      expected = try await Expectation(bench)
    }
    let step = Soak.factor > 1 ? 3 : 211
    var random = SeededGenerator(seed: Soak.start)
    var place = Int.random(in: 0..<step, using: &random)
    while true {
      let directory = try TemporaryDirectory()
      let bench = FaultBench(root: directory.path, on: directory.fileSystem) { 2_000_000_000 }
      try bench.plant()
      guard try await expected.holds(bench, fault, at: place) else { break }
      place += step
    }
  }
}

/// What a build without faults does, to compare with.
private struct Expectation {
  private let steps: [ArtifactID: StepOutcome]
  private let lockfile: [UInt8]
  private let names: [String: Digest]

  init(_ bench: FaultBench) async throws {
    let end = await bench.build()
    #expect(end.isSuccess, "\(end.words)")
    steps = end.finished
    lockfile = try #require(bench.lockfile)
    names = try bench.store.names()
    #expect(bench.leftovers == [])
    #expect(await bench.build().finished == [:])
  }

  /// Builds with the fault, then without.
  /// - Returns: whether there was an operation to strike.
  func holds(_ bench: FaultBench, _ fault: FaultyFileSystem.Fault, at place: Int) async throws -> Bool {
    bench.files.arm(fault, at: place)
    let end = await bench.build()
    guard let (operation, path) = bench.files.struck else { return false }
    let what = "\(fault) at \(place) (COPPICE_SEED=\(Soak.start)): \(operation) \(path)"
    bench.files.repair()

    var isGone = false
    if case .powerCut = fault { isGone = true }
    if fault == .kill { isGone = true }
    if !isGone {
      // The file is named, or where it lies. What cannot be tidied up is not told, but what fails next on such a disk.
      let names = operation == .remove ? ["Read-only file system"] : [path, path.parent, path.name].map(\.description)
      let isNamed = names.contains { end.words.contains($0) }
      #expect(end.isSuccess || isNamed, "\(what): \(end.words)")
      // What could not be tidied up is left to the next run.
      if operation != .remove && fault != .readOnly { #expect(bench.leftovers == [], "\(what)") }
    }
    try bench.buryRun()

    let before = bench.engine.builds
    let again = await bench.build()
    #expect(again.isSuccess, "\(what): \(again.words)")
    for (id, outcome) in again.finished {
      #expect(steps[id] != nil, "\(what): \(id) was current")
      // What had ended is not made again.
      if end.finished[id] != nil { #expect(outcome == .restored, "\(what): \(id)") }
    }
    #expect(bench.engine.builds - before == again.finished.values.count { $0 != .restored }, "\(what)")
    #expect(bench.lockfile == lockfile, "\(what)")
    #expect(try bench.store.names() == names, "\(what)")
    #expect(try bench.store.verify() == [], "\(what)")
    #expect(await bench.build().finished == [:], "\(what)")
    // What a killed run was writing into the store, which others may share, goes with its garbage and nothing else does.
    // A directory that could not be removed goes when an engine is used again.
    if operation == .remove { return true }
    #expect(bench.leftovers.allSatisfy { $0.isBelow(bench.store.root) }, "\(what): \(bench.leftovers)")
    _ = try bench.store.collectGarbage(
      of: bench.root, roots: Set(try bench.roots()), keepingSince: .max, dryRun: false)
    #expect(bench.leftovers == [], "\(what)")
    #expect(await bench.build().finished == [:], "\(what)")
    return true
  }
}
