import BuildEngine
import BuildRecords
import ContentStore
import DefinitionScan
import DependencyGraph
import FileTraces
import HostSystem
import ImageModel
import ImageTools
import TestSupport

/// A repository on a disk that may fail, and `coppice build` in it: all that the command does between taking the lock
/// and giving it back, with the engine's part played.
final class FaultBench {
  let root: FilePath
  /// The disk without its faults: what a person and the engine do.
  let disk: any FileSystem
  let files: FaultyFileSystem
  let engine: PlayedEngine
  private let clock: @Sendable () -> Int

  init(root: FilePath, on disk: any FileSystem, engine: PlayedEngine? = nil, clock: @escaping @Sendable () -> Int) {
    (self.root, self.disk, self.clock) = (root, disk, clock)
    files = FaultyFileSystem(disk)
    self.engine = engine ?? PlayedEngine(on: disk)
  }

  func write(_ path: FilePath, _ text: String, mode: UInt16 = 0o644) throws {
    try disk.createDirectory((root / path).parent)
    try disk.replace(root / path, with: Array(text.utf8), mode: mode)
  }

  /// base ← python ← science, and base ← tools, which holds a file that a program makes.
  func plant() throws {
    try write("coppice.yaml", "namespace: cati\nsingularity: false\n")
    for program in ["buildah", "make-it"] { try write("bin" / FilePath(program), "a program\n", mode: 0o755) }
    for (name, base) in [("base", nil), ("python", "base"), ("science", "python"), ("tools", "base")] {
      var yaml = "image_sources:\n  - {name: \(name), tags: ['1', latest]}\n"
      if let base { yaml += "dependencies: [../../\(base)]\n" }
      if name == "tools" {
        yaml += "generate:\n  - {output: made, command: [make-it, '{output}'], inputs: [packages]}\n"
      }
      let place = FilePath("share/docker/\(name)/1")
      try write(place / "casa_distro_docker.yaml", yaml)
      try write(place / "Dockerfile", "FROM \(base.map { "cati/\($0):1" } ?? "scratch")\nCOPY . /\(name)\n")
      try write(place / "data/file", "\(name)\n")
      try write(place / "script", "#!/bin/sh\n", mode: 0o755)
    }
    try write("share/docker/tools/1/packages", "gcc\n")
  }

  /// base and all that is made from it, and what is generated.
  func edit(_ text: String) throws {
    for path in ["base/1/data/file", "tools/1/packages"] { try write("share/docker" / FilePath(path), text) }
  }

  // MARK: coppice

  struct End {
    /// What ended it before its end.
    var error: (any Error)?
    /// Steps that were told to have ended well.
    var finished: [ArtifactID: StepOutcome] = [:]
    /// What was told of steps that failed.
    var failures: [FailureReport] = []

    /// What a person reads.
    var words: String {
      let text = error.map { error in
        switch error.inWords {
        case let failure as Failure: failure.message
        case let invalid as InvalidInput:
          invalid.diagnostics.map { "\($0.message) \($0.location, default: "")" }.joined()
        case let other: "\(other)"
        }
      }
      return ((text.map { [$0] } ?? []) + failures.map { "\($0.message) \($0.location, default: "")" }).joined(
        separator: "; ")
    }
    var isSuccess: Bool { error == nil && failures.isEmpty }
  }

  var state: FilePath { root / ".coppice" }
  var store: ImageLayout { ImageLayout(root: state / "store", files: files) }
  var lockfile: [UInt8]? { try? disk.contents(of: root / "coppice.lock", limit: 1 << 20) }

  /// What the store must keep for this repository.
  func roots() throws -> [Digest] {
    let (ledger, _) = try Ledger.open(
      lock: root / "coppice.lock", local: state / "local.lock", outside: [], files: files)
    return ledger.lockfile.records.values.flatMap { [$0.output.digest, $0.fingerprint.digest] }
  }

  func build() async -> End {
    let reporter = EndReporter()
    var end = End()
    do { try await build(reporter) } catch { end.error = error }
    for case .finished(let id, let outcome, _, let failure, _) in reporter.events.withLock({ $0 }) {
      if outcome != .failed && outcome != .skipped { end.finished[id] = outcome }
      if let failure { end.failures.append(failure) }
    }
    return end
  }

  private func build(_ reporter: EndReporter) async throws {
    let settings = try SettingsReader.read(repository: root, files: files)
    let tree = DefinitionScanner(files: files).scan(
      SearchPath(repository: root, home: nil, builtin: nil), settings: settings, platform: .host)
    let (graph, faults) = GraphBuilder.build(tree.declarations)
    let errors = (tree.diagnostics + faults).filter { $0.severity == .error }
    if !errors.isEmpty { throw InvalidInput(errors) }
    try files.createDirectory(state)
    guard let lock = try files.lock(state / "lock", waiting: false) else { throw Failure("locked") }
    defer { lock.unlock() }
    try files.replace(state / "lock.holder", with: Array("process 1\n".utf8), mode: 0o644)
    for path in unfinished(in: [root, state]) { try? files.remove(path) }

    let journal = Journal(path: state / "journal", files: files)
    let number = try journal.lastBuild() + 1
    var (ledger, _) = try Ledger.open(
      lock: root / "coppice.lock", local: state / "local.lock", outside: [], files: files)
    var index = FileIndex(TraceStore(reading: state / "index", from: files))
    for name in ["logs", "tmp"] as [FilePath] { try files.createDirectory(state / name) }
    try store.prepare()
    let recipes = TreeBases.applied(to: tree.recipes, in: graph, read: BaseReading.recipe)
    let builder = builder(graph, recipes, number, journal, reporter)
    do {
      _ = try await builder.build(Set(graph.order), ledger: &ledger, index: &index)
    } catch {
      try? ledger.write()
      throw error
    }
    try ledger.write()
    if index.isChanged { try? index.write(to: state / "index", in: files) }
    try store.writeRoots(repository: root, try roots())
    try? journal.compact()
    try store.setNames(
      ledger.lockfile.records.filter { $0.key.kind == .docker }.map {
        ("cati/\($0.key.name):\($0.key.tag)", $0.value.output.digest)
      })
  }

  private func builder(
    _ graph: BuildGraph, _ recipes: [ArtifactID: Recipe], _ number: Int, _ journal: Journal, _ reporter: EndReporter
  ) -> Builder {
    let environment = ["PATH": (root / "bin").description, "BUILDAH_ISOLATION": "chroot"]
    let processes = engine.processes
    let store = store
    let runners: [ArtifactKind: any StepRunner] = [
      .docker: DockerImageRunner(
        store: store,
        engines: EngineFinder(
          wanted: "buildah", remembered: state / "engine", files: files, processes: processes, environment: environment),
        files: files, temporary: state / "tmp", network: "host", environment: environment),
      .generate: GeneratorRunner(
        store: store, files: files, processes: processes, temporary: state / "tmp", environment: environment),
    ]
    let evaluator = StepEvaluator(
      graph: graph, recipes: recipes, reader: InputReader(files: files, programDirectories: [root / "bin"]),
      runners: runners, inputList: { try? store.contents(ofBlob: $0) }, now: clock())
    return Builder(
      evaluator: evaluator, resolver: NoRegistry(), reporter: reporter, options: BuildOptions(),
      durations: { Durations(of: $0, in: journal) }, keepInputs: { _ = try store.put($1.encoded) },
      openLog: { _ in nil }, number: number, journal: journal, time: clock)
  }

  // MARK: what is left

  /// After a kill the directories of the run belong to nobody; within one process they would be taken for ours.
  func buryRun() throws {
    for entry in (try? disk.entries(of: state / "tmp")) ?? [] {
      let words = entry.name.description.split(separator: "-")
      if words.count == 3 {
        try disk.rename(state / "tmp" / entry.name, to: state / "tmp" / FilePath("\(words[0])-dead-\(words[2])"))
      }
    }
  }

  private func unfinished(in directories: [FilePath]) -> [FilePath] {
    directories.flatMap { directory in
      ((try? disk.entries(of: directory)) ?? []).map { directory / $0.name }
        .filter { $0.name.description.hasPrefix(".coppice-") }
    }
  }

  /// Files without their final names, and directories of runs.
  var leftovers: [FilePath] {
    let store = store.root
    let runs = ((try? disk.entries(of: state / "tmp")) ?? []).map { state / "tmp" / $0.name }
    return unfinished(in: [root, state, store, store / "blobs/sha256", store / "coppice/temporary"]) + runs
  }
}

private struct NoRegistry: BaseResolver {
  func resolve(_ reference: ImageReference, platform: Platform, pinned: PinnedBase?) async throws -> ResolvedBase {
    throw Failure("no registry here")
  }
}

private final class EndReporter: BuildReporter {
  let events = Locked<[BuildEvent]>([])
  func report(_ event: BuildEvent) { events.withLock { $0.append(event) } }
}
