import BuildEngine
import BuildRecords
import DependencyGraph
import DockerfileText
import HostSystem
import ImageModel
import TestSupport

/// A tree of images, its files, its records and its builder, all in memory.
///
/// Every image has one file, `file`, and a Dockerfile that copies its whole context; each build opens the records anew.
final class World {
  let files = InMemoryFileSystem()
  let runner: FakeStepRunner
  let resolver = FakeResolver()
  let reporter = RecordingReporter()
  let lists = Locked<[Digest: [UInt8]]>([:])
  let logs = Locked<[FakeLog]>([])
  var options = BuildOptions()
  /// Where others have published.
  var substitution: Substitution?
  var durations = Durations([])
  var index = FileIndex()
  /// Whether records go through files between builds.
  var isPersistent = true
  private(set) var text: TreeText { didSet { knownGraph = nil } }
  private(set) var recipes: [ArtifactID: Recipe] = [:] { didSet { knownGraph = nil } }
  private var kept: Ledger?
  private var buildCount = 0

  convenience init(_ tree: String) { self.init(TreeText(tree)) }

  init(_ tree: TreeText, machine: String = "here") {
    runner = FakeStepRunner(machine: machine)
    text = TreeText("")
    plant(tree)
  }

  /// The same definitions and lockfile in another place: files of another time, and nothing that was built.
  func clone(_ machine: String) -> World {
    let clone = World(text, machine: machine)
    clone.files.tick(.seconds(3600))
    for word in text.images { clone.edit(word, files.text(FilePath("\(word)/1/file")) ?? "") }
    clone.files.write(Self.lockPath, lockText)
    return clone
  }

  var lockText: String { files.text(Self.lockPath) ?? "" }

  /// Replaces the tree; recipes of images that stay keep what the test set, but for what their Dockerfiles use.
  func plant(_ tree: TreeText) {
    let before = text
    text = tree
    let words = Set(tree.images)
    for id in recipes.keys where id.kind == .docker && !words.contains(id.name) { recipes[id] = nil }
    for word in tree.images {
      if recipes[TreeText.id(word)] == nil {
        files.write(FilePath("\(word)/1/casa_distro_docker.yaml"), "image_sources: \(word)")
        files.write(FilePath("\(word)/1/file"), "\(word)")
        recipes[TreeText.id(word)] = .image(recipe(word))
      } else if before.uses[word] != tree.uses[word] {
        self[word].dockerfile = facts(word, defaultLines(word))
      }
    }
    files.tick(.seconds(10))
  }

  subscript(word: String) -> ImageRecipe {
    get {
      guard case .image(let recipe)? = recipes[TreeText.id(word)] else { preconditionFailure("no image \(word)") }
      return recipe
    }
    set { recipes[TreeText.id(word)] = .image(newValue) }
  }

  private func recipe(_ word: String) -> ImageRecipe {
    let directory = FilePath("/repository/\(word)/1")
    return ImageRecipe(
      id: TreeText.id(word), definition: .init(path: "\(word)/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 1),
      reference: TreeText.reference(word), dockerfile: facts(word, defaultLines(word)),
      platform: Platform(os: "linux", architecture: "amd64"))
  }

  private func defaultLines(_ word: String) -> [String] {
    ["FROM \(text.uses[word]?.first.map(TreeText.reference)?.description ?? "scratch")", "COPY . /"]
  }

  private func facts(_ word: String, _ lines: [String]) -> DockerfileFacts {
    let file = TreeText.dockerfile(word)
    return DockerfileFacts(
      file: file, text: [],
      instructions: lines.enumerated().map {
        DockerfileInstruction(canonical: $1, location: SourceLocation(file: file, line: $0 + 1))
      }, uses: text.imageUses(of: word), reach: .whole(reason: "COPY ."))
  }

  func dockerfile(_ word: String, _ lines: String...) { self[word].dockerfile = facts(word, lines) }

  /// Gives an image this Dockerfile, which must use what the tree says.
  func write(_ word: String, _ dockerfile: String) {
    self[word].dockerfile = DockerfileReader.read(
      Array(dockerfile.utf8), file: TreeText.dockerfile(word), buildArguments: self[word].buildArguments,
      target: self[word].target, platform: self[word].platform)
  }

  /// A generator of `word`, made from `word/1/INPUT` by a command.
  func generate(_ word: String, _ output: String, input: String) -> ArtifactID {
    let id = ArtifactID(kind: .generate, name: "\(word)/1", tag: output)
    let place = SourceLocation(file: FilePath("/repository/\(word)/1/casa_distro_docker.yaml"), line: 9)
    recipes[id] = .generator(
      GeneratorRecipe(
        id: id, definition: self[word].definition, location: place, output: output,
        command: ["make-it", "{output}"], inputs: [Located(input, at: place)]))
    self[word].generated[FilePath(output)] = id
    return id
  }

  /// A VM image, in place of the one of the same id.
  func machine(_ recipe: MachineRecipe) { recipes[recipe.id] = .machine(recipe) }

  // MARK: what a person does

  /// Writes `word/1/file` and lets time pass.
  func edit(_ word: String, _ contents: String? = nil, file: String = "file") {
    files.write(FilePath("\(word)/1/\(file)"), contents ?? "edited at \(files.now)")
    files.tick(.seconds(10))
  }

  func record(_ word: String) -> BuildRecord? { try? ledger()[TreeText.id(word)] }

  func hasOutput(_ word: String) -> Bool {
    record(word).map { runner.condition(of: TreeText.id(word), $0.output) == .intact } ?? false
  }

  /// Takes the recorded output of an image out of the store.
  func loseOutput(_ word: String) { if let record = record(word) { runner.lose(record.output.digest) } }

  func change(_ body: (inout Ledger) -> Void) throws {
    var ledger = try ledger()
    body(&ledger)
    try save(ledger)
  }

  /// Moves a tag, as `coppice update` does.
  func moveBase(_ reference: String, to text: String) throws {
    resolver.digests.withLock { $0[reference] = .sha256(text) }
    try change { ledger in
      for key in ledger.lockfile.pins.keys where key.reference == reference {
        ledger[pin: key] = PinnedBase(digest: .sha256(text))
      }
    }
  }

  // MARK: coppice

  static let lockPath: FilePath = "/repository/coppice.lock"

  func ledger() throws -> Ledger {
    if !isPersistent, let kept { return kept }
    let (ledger, faults) = try Ledger.open(
      lock: Self.lockPath, local: "/repository/.coppice/local.lock", outside: [], files: files)
    precondition(isDamaged || faults.isEmpty, "\(faults)")
    return ledger
  }

  /// Whether the test has damaged the lockfile.
  var isDamaged = false

  private func save(_ ledger: Ledger) throws {
    var ledger = ledger
    if isPersistent { try ledger.write() }
    kept = ledger
  }

  private var otherUses: [ArtifactID: [ImageUse]] = [:] { didSet { knownGraph = nil } }

  /// A use that no arrow of the tree can say.
  func alsoUse(_ use: ImageUse, in word: String) { otherUses[TreeText.id(word), default: []].append(use) }

  /// Aliases, which no word of the tree is.
  var otherNames: [ArtifactID: [ImageReference]] = [:] { didSet { knownGraph = nil } }
  /// In place of what the arrows say.
  var rewrittenUses: [ArtifactID: [ImageUse]] = [:] { didSet { knownGraph = nil } }

  private var knownGraph: BuildGraph?

  var graph: BuildGraph {
    if let knownGraph { return knownGraph }
    let graph = makeGraph()
    knownGraph = graph
    return graph
  }

  private func makeGraph() -> BuildGraph {
    var declarations = text.declarations
    for index in declarations.indices {
      declarations[index].names += otherNames[declarations[index].id] ?? []
      if let uses = rewrittenUses[declarations[index].id] { declarations[index].uses = uses }
      declarations[index].uses += otherUses[declarations[index].id] ?? []
      declarations[index].needs = self[declarations[index].id.name].generated.values.sorted()
    }
    for case .generator(let recipe) in recipes.values {
      declarations.append(
        StepDeclaration(id: recipe.id, location: recipe.location, definitionPath: recipe.definition.path))
    }
    for case .machine(let recipe) in recipes.values {
      var declaration = StepDeclaration(
        id: recipe.id, location: recipe.location, definitionPath: recipe.definition.path, needs: recipe.upstreams)
      declaration.saysAllItUses = true
      declarations.append(declaration)
    }
    return GraphBuilder.build(declarations).graph
  }

  var now: Int { files.now / 1_000_000_000 }

  var evaluator: StepEvaluator {
    StepEvaluator(
      graph: graph, recipes: TreeBases.applied(to: Array(recipes.values), in: graph, read: BaseReading.recipe),
      reader: InputReader(files: files, programDirectories: ["/bin"]),
      runners: [.docker: runner, .generate: runner, .vbox: runner],
      inputList: { [lists] digest in lists.withLock { $0[digest] } },
      now: now)
  }

  /// Everything, or the images of these words and patterns.
  func selected(_ patterns: [String]) throws -> Set<ArtifactID> {
    let graph = graph
    return try Selection(graph: graph, all: Set(graph.order)).artifacts(matching: patterns)
  }

  func plan(_ patterns: String...) throws -> BuildPlan { try plan(patterns) }

  func plan(_ patterns: [String]) throws -> BuildPlan {
    var (index, files) = (index, [ArtifactID: StepFiles]())
    return try BuildPlanner(evaluator: evaluator).plan(
      selected: selected(patterns), lockfile: ledger().lockfile, index: &index, files: &files)
  }

  /// What `status` says of an image: empty when it is current.
  func status(_ word: String) throws -> String {
    (try plan()[TreeText.id(word)]?.staleness.reasons ?? []).map(\.shown).joined(separator: ", ")
  }

  var inputKeeper: @Sendable (ArtifactID, StepInputs) throws -> Void {
    { [lists] _, inputs in
      lists.withLock { lists in
        lists[inputs.fingerprint.digest] = inputs.encoded
        if let digest = inputs.contextDigest, let files = inputs.encodedFiles { lists[digest] = files }
      }
    }
  }

  func builder() -> Builder {
    buildCount += 1
    return Builder(
      evaluator: evaluator, resolver: resolver, reporter: reporter, options: options,
      durations: { [durations] _ in durations },
      keepInputs: inputKeeper,
      openLog: { [logs] id in
        let log = FakeLog(id: id)
        logs.withLock { $0.append(log) }
        return log
      }, number: buildCount, journal: journal, time: { [files] in files.now / 1_000_000_000 },
      substitution: substitution)
  }

  var journal: Journal { Journal(path: "/repository/journal", files: files) }

  @discardableResult
  func build(_ patterns: String...) async throws -> BuildSummary { try await build(patterns) }

  /// Runs a build over the records, and writes them also when it throws.
  @discardableResult
  func build(_ patterns: [String]) async throws -> BuildSummary {
    runner.clearHistory()
    reporter.clear()
    var ledger = try ledger()
    defer { try? save(ledger) }
    return try await builder().build(selected(patterns), ledger: &ledger, index: &index)
  }

  func touch(_ patterns: String...) throws {
    var ledger = try ledger()
    _ = try Adoption(evaluator: evaluator, keepInputs: inputKeeper).adopt(
      selected(patterns), ledger: &ledger, index: &index)
    try save(ledger)
  }

  /// The words of what the runner ran in the last build, in order.
  var ran: [String] { runner.ran.map(\.shown) }
}

/// Knows every tag, until told otherwise.
final class FakeResolver: BaseResolver {
  let digests = Locked<[String: Digest]>([:])
  let unreachable = Locked<Set<String>>([])
  let asked = Locked<[String]>([])
  /// What images do in builds from them.
  let triggers = Locked<[String: [String]]>([:])
  /// Their variables.
  let environments = Locked<[String: [String: String]]>([:])

  func resolve(
    _ reference: ImageReference, platform: Platform, pinned: PinnedBase?
  ) async throws -> ResolvedBase {
    let name = reference.canonical
    asked.withLock { $0.append(name) }
    if unreachable.withLock({ $0.contains(name) }) { throw Failure("no registry tells what \(reference) is") }
    let pin = PinnedBase(
      digest: digests.withLock { $0[name] } ?? .sha256("\(name) \(platform)"),
      onBuild: triggers.withLock { $0[name] } ?? [])
    return ResolvedBase(pin, environment: environments.withLock { $0[name] })
  }
}

/// Keeps the lines of a step.
final class FakeLog: StepLog {
  let id: ArtifactID
  private let lines = Locked<[String]>([])
  private let closed = Locked(0)

  init(id: ArtifactID) { self.id = id }

  var path: FilePath? { FilePath("/logs/\(id.name)") }
  var tail: [String] { lines.withLock { $0.suffix(20) } }
  var closeCount: Int { closed.withLock { $0 } }
  func write(_ line: String) { lines.withLock { $0.append(line) } }
  func close() { closed.withLock { $0 += 1 } }
}
