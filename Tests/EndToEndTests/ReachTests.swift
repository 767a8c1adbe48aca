import BuildRecords
import DefinitionScan
import DependencyGraph
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// What engines put into images, and what fingerprints see: random trees, random Dockerfiles, random edits.
@Suite(.enabled(if: Laboratory.has("buildah")))
struct ReachTests {
  private struct Look {
    var fingerprint: Fingerprint
    var inputs: StepInputs
    var files: [StagedFile]
    /// What instructions without backslashes take: in sources, engines read them differently, and all readings count.
    var surelyTaken: [StagedFile]
    var recipe: ImageRecipe
  }

  /// Asks coppice's library about a context.
  private static func look(at context: FilePath, in share: FilePath) throws -> Look? {
    guard var look = try whole(at: context, in: share) else { return nil }
    let (files, dockerfile) = (Laboratory.files, context / "Dockerfile")
    let text = try files.contents(of: dockerfile, limit: 1 << 20)
    let plain = withoutBackslashes(String(decoding: text, as: UTF8.self))
    if plain.utf8.count < text.count {
      let mode = try files.status(of: dockerfile, followingLinks: false).mode
      try files.replace(dockerfile, with: Array(plain.utf8), mode: mode)
      look.surelyTaken = try whole(at: context, in: share)?.files ?? []
      try files.replace(dockerfile, with: text, mode: mode)
    }
    return look
  }

  /// The instructions in which a backslash only continues a line.
  private static func withoutBackslashes(_ dockerfile: String) -> String {
    var (result, instruction) = ("", "")
    for line in dockerfile.split(separator: "\n", omittingEmptySubsequences: false) {
      instruction += line + "\n"
      if line.hasSuffix("\\") { continue }
      if !instruction.split(separator: "\n").contains(where: { $0.dropLast().contains("\\") }) { result += instruction }
      instruction = ""
    }
    return result
  }

  private static func whole(at context: FilePath, in share: FilePath) throws -> Look? {
    let files = Laboratory.files
    let definition = context / "casa_distro_docker.yaml"
    try files.replace(
      definition, with: Array("image_sources: [{name: x, tags: ['1']}]\n".utf8), mode: 0o644)
    defer { try? files.remove(definition) }
    let tree = DefinitionScanner(files: files).scan(
      SearchPath(repository: share.parent, home: nil, builtin: nil), settings: Settings(repository: share.parent),
      platform: Platform(os: "linux", architecture: "amd64"))
    let (graph, faults) = GraphBuilder.build(tree.declarations)
    let recipes = TreeBases.applied(to: tree.recipes, in: graph, read: BaseReading.recipe)
    let id = ArtifactID(kind: .docker, name: "x", tag: "1")
    guard faults.isEmpty, let recipe = recipes[id], case .image(let image) = recipe else { return nil }
    let reader = InputReader(files: files, programDirectories: [])
    let snapshot = try reader.snapshot(of: recipe, index: FileIndex())
    if (tree.diagnostics + snapshot.diagnostics).contains(where: { $0.severity == .error }) { return nil }
    let inputs = reader.inputs(of: recipe, snapshot: snapshot, bases: [], upstreams: [], generation: 0)
    return Look(
      fingerprint: inputs.fingerprint, inputs: inputs, files: snapshot.files, surelyTaken: snapshot.files, recipe: image
    )
  }

  private static func stage(_ look: Look, without missing: [FilePath], in directory: FilePath) throws {
    let files = Laboratory.files
    try files.removeTree(directory)
    try files.createDirectory(directory)
    let staged = look.files.filter { file in
      !missing.contains { FilePath(bytes: file.path).isBelow($0) }
    }
    try ContextStage(files: files) { _ in "/" }.fill(
      directory / "context", with: staged, recipe: look.recipe, generated: [:])
    try files.replace(directory / "Dockerfile", with: look.recipe.dockerfile.text, mode: 0o644)
  }

  @Test(arguments: [0, 120])
  func fingerprintsChangeExactlyWhenTheImageOfBuildahDoes(part: Int) async throws {
    try await check(.buildah, Soak.seeds(1, part: part))
  }

  @Test(
    .enabled(if: Laboratory.isSoak && Laboratory.has("dockerd")), arguments: [DirectBuild.Engine.docker, .buildKit])
  func fingerprintsChangeExactlyWhenTheImageOfDockerDoes(engine: DirectBuild.Engine) async throws {
    try await check(engine, Soak.seeds(2, part: 3))
  }

  @Test func whatAParentTakesByTriggersIsStagedAndCounts() async throws {
    try await check(.buildah, Soak.seeds(1, part: 541), hasParent: true)
  }

  private struct Counts {
    var rounds = 0, refused = 0, changed = 0, same = 0, needless = 0
  }

  private func check(_ engine: DirectBuild.Engine, _ seeds: Range<Int>, hasParent: Bool = false) async throws {
    var counts = Counts()
    for seed in seeds {
      try await check(engine, seed, hasParent, &counts)
      Soak.tell("\(engine), seeds \(seeds), up to \(seed): \(counts)")
    }
    // Images were compared, and in a long run every kind of case came up.
    let least = seeds.count > 10 ? min(counts.changed, counts.same) : counts.changed + counts.same
    #expect(least > 0 && counts.refused <= counts.rounds * 2 / 3, "\(counts)")
  }

  /// Builds a context before and after each of some edits, directly and from what coppice stages.
  private func check(
    _ engine: DirectBuild.Engine, _ seed: Int, _ hasParent: Bool, _ counts: inout Counts
  ) async throws {
    let directory = try TemporaryDirectory()
    let oracle = try await DirectBuild(engine, directory: directory / "engine")
    var context = try RandomContext(directory / "share/docker/x", seed: seed)
    var dockerfile = ""
    if hasParent {
      dockerfile = try context.writeParent(in: directory / "share/docker/p")
      try await oracle.make("p:1", from: directory / "share/docker/p")
    }
    dockerfile += try context.writeDockerfile(from: hasParent ? "p:1" : "scratch")
    if context.random.once(in: 2) { try context.writeIgnoreFile() }
    var before: (look: Look, built: RootFiles, staged: RootFiles?)?
    for round in 0...6 {
      let edit = round == 0 ? "nothing yet" : try context.edit()
      let ignore = (try? directory.text("share/docker/x/.dockerignore")) ?? ""
      let what = "\(engine), seed \(seed), round \(round): \(edit)\n\(dockerfile)\(ignore)"
      counts.rounds += 1
      let look = try Self.look(at: context.directory, in: directory / "share")
      let built = try await oracle.files(of: context.directory)
      #expect(look != nil || built == nil, "coppice refuses: \(what)")
      guard let look, let built else {
        counts.refused += 1
        before = nil
        continue
      }
      var staged = before?.staged
      if before?.look.fingerprint != look.fingerprint {
        staged = try await self.built(look, by: oracle, in: directory / "stage")
      }
      if staged == nil, !ignore.isEmpty, look.files.contains(where: \.isLink) {
        // buildah follows a source that is a link to what is left out, and finds nothing there; docker refuses it.
        counts.refused += 1
        before = nil
        continue
      }
      #expect(staged == built, "the stage: \(what)\n\(staged?.differences(from: built) ?? ["nothing is built of it"])")
      // Engines read a backslash in a source differently, so files are staged that some pass over.
      if context.random.once(in: 3), let file = look.files.randomElement(using: &context.random),
        !dockerfile.contains("\\")
      {
        let path = FilePath(bytes: file.path)
        let less = try await self.built(look, without: [path], by: oracle, in: directory / "stage")
        var isOverwritten = false
        if less == built {
          isOverwritten = try await areOverwritten([path], look, look, by: oracle, in: directory / "stage")
        }
        #expect(less != built || isOverwritten, "not needed: \(path) of \(what)")
      }
      if let before {
        let differences = built.differences(from: before.built)
        let isChanged = before.look.fingerprint != look.fingerprint
        if !differences.isEmpty {
          counts.changed += 1
          #expect(isChanged, "missed: \(what)\n\(differences)")
        } else if isChanged {
          counts.needless += 1
          var changes = Self.changes(before.look, look)
          // Its client writes into the ignore file, so that is not compared.
          if engine == .docker { changes = changes.filter { $0.name != ".dockerignore" } }
          let isSeen = try await areOverwritten(changes, before.look, look, by: oracle, in: directory / "stage")
          #expect(isSeen, "needless: \(what)\n\(changes)")
        } else {
          counts.same += 1
        }
      }
      before = (look, built, staged)
    }
  }

  /// Whether the build sees files, but puts others of the same name in their place: one source after the other is copied
  /// into one directory. Without those others each makes a difference.
  private func areOverwritten(
    _ paths: [FilePath], _ before: Look, _ after: Look, by oracle: DirectBuild, in directory: FilePath
  ) async throws -> Bool {
    for path in paths {
      let namesakes = (before.files + after.files).map { FilePath(bytes: $0.path) }
        .filter { $0.name == path.name && $0 != path && !path.isBelow($0) }
      guard !namesakes.isEmpty else { return false }
      guard after.files.contains(where: { $0.path == path.bytes }) else { continue }
      let alone = try await built(after, without: namesakes, by: oracle, in: directory)
      if try await built(after, without: namesakes + [path], by: oracle, in: directory) == alone { return false }
    }
    return true
  }

  private func built(
    _ look: Look, without missing: [FilePath] = [], by oracle: DirectBuild, in directory: FilePath
  ) async throws -> RootFiles? {
    try Self.stage(look, without: missing, in: directory)
    return try await oracle.files(of: directory / "context", dockerfile: directory / "Dockerfile")
  }

  private static func isAmbiguous(_ file: StagedFile) -> Bool { file.path.contains(UInt8(ascii: "\\")) }

  /// What differs, but for permissions that some engines do not keep: set-id bits, and those of directories.
  private static func changes(_ before: Look, _ after: Look) -> [FilePath] {
    func marks(_ look: Look) -> [FilePath: [UInt8]] {
      let files = look.surelyTaken.filter { !isAmbiguous($0) }
      return Dictionary(
        uniqueKeysWithValues: files.map { file in
          let mode = file.kind == .directory ? 0 : file.mode & 0o1777
          return (FilePath(bytes: file.path), Array("\(file.kind) \(String(mode, radix: 8))".utf8))
        })
    }
    let (before, after) = (marks(before), marks(after))
    return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
  }
}

extension StagedFile {
  fileprivate var isLink: Bool { if case .symbolicLink = kind { true } else { false } }
}
