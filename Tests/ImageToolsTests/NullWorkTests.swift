import BuildEngine
import BuildRecords
import DefinitionScan
import DependencyGraph
import FileTraces
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What a run that finds nothing to do asks of the disk, through the seam: the guard of its speed.
struct NullWorkTests {
  private static let root: FilePath = "/repository"
  private static let index: FilePath = "/repository/.coppice/index"
  private static let filesPerDefinition = 5

  private static func tree(_ definitions: Int) -> InMemoryFileSystem {
    let files = InMemoryFileSystem(root: root)
    for number in 0..<definitions {
      let place = FilePath("share/docker/image\(number)/1")
      let base = number == 0 ? "scratch" : "cati/image\((number - 1) / 10):1"
      files.write(
        place / "casa_distro_docker.yaml",
        "image_sources:\n  - {name: image\(number), tags: ['1'], singularity: false}\n")
      files.write(place / "Dockerfile", "FROM \(base)\nCOPY files /files/\n")
      for file in 0..<filesPerDefinition { files.write(place / FilePath("files/\(file)"), "\(number) \(file)") }
    }
    files.makeSpecial(".coppice", .directory)
    files.tick(.seconds(10))
    return files
  }

  /// As a run of its own does it: scans, plans, and keeps what it learned.
  private static func plan(_ files: InMemoryFileSystem, touching: Bool = false) throws -> BuildPlan {
    let now = files.now / 1_000_000_000
    let path = SearchPath(repository: root, home: nil, builtin: nil)
    let settings = try SettingsReader.read(repository: root, files: files)
    var memory = ScanMemory(
      TraceStore(reading: index, from: files), program: .sha256("coppice"), olderThan: FileIndex.settled(at: now))
    let tree = DefinitionScanner(files: files).scan(path, settings: settings, platform: .host, memory: &memory)
    var known = FileIndex(memory.traces)
    let graph = GraphBuilder.build(tree.declarations).graph
    var (ledger, _) = try Ledger.open(
      lock: root / "coppice.lock", local: root / ".coppice/local.lock", outside: [], files: files)
    let evaluator = StepEvaluator(
      graph: graph, recipes: TreeBases.applied(to: tree.recipes, in: graph, read: BaseReading.recipe),
      reader: InputReader(files: files, programDirectories: []), runners: [.docker: NoRunner()],
      inputList: { _ in nil }, now: now)
    let selected = Set(graph.order)
    if touching {
      _ = try Adoption(evaluator: evaluator, keepInputs: { _, _ in }).adopt(selected, ledger: &ledger, index: &known)
      try ledger.write()
    }
    var looked: [ArtifactID: StepFiles] = [:]
    let plan = try BuildPlanner(evaluator: evaluator).plan(
      selected: selected, lockfile: ledger.lockfile, index: &known, files: &looked)
    if known.isChanged { try known.write(to: index, in: files) }
    return plan
  }

  private static func builtTree(_ definitions: Int) throws -> InMemoryFileSystem {
    let files = tree(definitions)
    _ = try plan(files, touching: true)
    files.clearJournal()
    return files
  }

  @Test(arguments: [10, 200])
  func aNullRunReadsRecordsAndHashesNothing(definitions: Int) throws {
    let files = try Self.builtTree(definitions)
    #expect(try Self.plan(files).stale.isEmpty)
    #expect(files.isUntouched)
    #expect(files.journal(.hash, .readLink) == [])
    // Settings, index and lockfiles; nothing of the tree.
    #expect(files.journal(.read).count <= 4)
    #expect(files.journal(.read, .list).filter { $0.description.hasPrefix("share/docker/") } == [])
    // A file is asked for by its context, and two of them by who reads definitions; a directory by who lists it.
    #expect(files.journal(.status).count <= definitions * (Self.filesPerDefinition + 12) + 50)
  }

  @Test func ofOneEditedFileOnlyThatIsHashed() throws {
    let files = try Self.builtTree(200)
    files.write("share/docker/image150/1/files/2", "edited")
    files.tick(.seconds(10))
    // What it is made from was never built, and is wanted now.
    let changed = try Self.plan(files).stale.filter {
      if case .inputsChanged? = $0.staleness.reasons.first { true } else { false }
    }
    #expect(changed.map(\.id.description) == ["docker/image150:1"])
    #expect(files.journal(.hash) == ["share/docker/image150/1/files/2"])
    let touched = files.journal(.read, .list).filter { $0.description.hasPrefix("share/docker/") }
    #expect(touched.allSatisfy { $0.description.hasPrefix("share/docker/image150/") })
    #expect(touched.count <= 4)
  }
}

/// Nothing may be asked of it but whether what is recorded is there.
private struct NoRunner: StepRunner {
  func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) -> ArtifactOutput? { nil }
  func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition { .intact }
  func run(_ job: StepJob, log: @escaping @Sendable (String) -> Void) async throws -> ArtifactOutput {
    throw StepFailure("a null run runs nothing")
  }
  func adopt(_ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool) {}
  func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) {}
}
