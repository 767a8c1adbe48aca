import BuildRecords
import FileTraces
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What is remembered of contexts: never wrong, and read again only where something changed.
struct FileIndexTests {
  private static let directory: FilePath = "/repository/a/1"
  private static let index: FilePath = "/repository/index"

  private static func recipe(ignoring: [String] = [], sources: [String] = ["."]) -> Recipe {
    var recipe = ImageRecipe(
      id: TreeText.id("a"), definition: .init(path: "a/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 1),
      reference: TreeText.reference("a"),
      dockerfile: DockerfileFacts(
        file: directory / "Dockerfile", text: [], instructions: [], uses: [],
        reach: .selected(sources.map { ContextSelector(pattern: $0, isPattern: false) })),
      platform: Platform(os: "linux", architecture: "amd64"))
    recipe.ignore = IgnoreFile(name: ".dockerignore", patterns: ignoring)
    return .image(recipe)
  }

  /// Looks as a run of its own does: with the index from the disk, which it writes back.
  private static func look(_ files: InMemoryFileSystem, _ recipe: Recipe = recipe()) throws -> StepFiles {
    var index = FileIndex(TraceStore(reading: Self.index, from: files))
    let found = try reader(files).look(
      at: [(TreeText.id("a"), recipe)], index: &index, now: files.now / 1_000_000_000)
    try index.write(to: Self.index, in: files)
    return try #require(found[TreeText.id("a")])
  }

  private static func reader(_ files: InMemoryFileSystem) -> InputReader {
    InputReader(files: files, programDirectories: [])
  }

  private static func fresh(_ files: InMemoryFileSystem, _ recipe: Recipe = recipe()) throws -> Digest? {
    try reader(files).snapshot(of: recipe, index: FileIndex()).listDigest
  }

  private static func tree(_ random: inout SeededGenerator) -> InMemoryFileSystem {
    let files = InMemoryFileSystem()
    for _ in 0..<10 { change(files, &random) }
    files.write(directory / "kept", "kept")
    return files
  }

  /// One change, which may be none, with or without time passing.
  private static func change(_ files: InMemoryFileSystem, _ random: inout SeededGenerator) {
    let names: [FilePath] = ["a", "b", "d/a", "d/b", "d/e/a", "x/y", "link", "d/link"]
    let path = directory / (names.randomElement(using: &random) ?? "a")
    if random.once(in: 2) { files.tick(.seconds(Int.random(in: 0...3, using: &random))) }
    // Nobody writes through a link.
    if (try? files.status(of: path, followingLinks: false))?.kind == .symbolicLink { files.delete(path) }
    switch Int.random(in: 0..<9, using: &random) {
    case 0...2: if !isDirectory(path, files) { files.write(path, "text \(Int.random(in: 0...9, using: &random))") }
    case 3: if !isDirectory(path, files) { files.swapIn(path, "text \(Int.random(in: 0...9, using: &random))") }
    case 4: if files.exists(path) { files.delete(path) }
    case 5: if files.exists(path) { files.chmod(path, random.once(in: 2) ? 0o755 : 0o600) }
    case 6:
      if files.exists(path) { files.delete(path) }
      files.link(path, to: ["a", "d", "../b", "/etc/none"].randomElement(using: &random) ?? "a")
    case 7: if !files.exists(path) { files.makeSpecial(path, .directory) }
    default: break
    }
  }

  private static func isDirectory(_ path: FilePath, _ files: InMemoryFileSystem) -> Bool {
    (try? files.status(of: path, followingLinks: true))?.kind == .directory
      || ((try? files.statusIfPresent(of: path.parent, followingLinks: true))??.kind ?? .directory) != .directory
  }

  @Test func whatIsRememberedIsWhatIsThereWhateverHappened() throws {
    var remembered = 0
    for seed in Soak.seeds(400) {
      var random = SeededGenerator(seed: seed)
      let files = Self.tree(&random)
      let recipe = Self.recipe(
        ignoring: random.once(in: 3) ? ["d/b"] : [], sources: random.once(in: 2) ? ["."] : ["d", "a", "link"])
      for round in 0..<8 {
        if random.once(in: 2) { Self.change(files, &random) }
        if random.once(in: 6) { files.tick(.seconds(3)) }
        let found = try Self.look(files, recipe)
        #expect(try found.listDigest == Self.fresh(files, recipe), "seed \(seed) round \(round)")
        if found.snapshot == nil {
          remembered += 1
          #expect(try found.loaded().listDigest == found.listDigest)
        }
      }
    }
    #expect(remembered > 100)
  }

  @Test func nothingIsReadTwice() throws {
    for seed in 0..<60 {
      var random = SeededGenerator(seed: seed)
      let files = Self.tree(&random)
      files.tick(.seconds(5))
      _ = try Self.look(files)
      files.clearJournal()
      #expect(try Self.look(files).snapshot == nil, "seed \(seed)")
      #expect(files.journal(.list, .hash, .write, .append).isEmpty, "seed \(seed)")
      #expect(files.journal(.read) == [Self.index.relative(to: files.root) ?? Self.index], "seed \(seed)")
      // Of what changes only that is read.
      files.write(Self.directory / "kept", "changed")
      files.tick(.seconds(5))
      files.clearJournal()
      #expect(try Self.look(files).snapshot != nil)
      #expect(files.journal(.hash) == ["a/1/kept"], "seed \(seed)")
    }
  }

  @Test func whatIsTooYoungIsReadAgain() throws {
    let files = InMemoryFileSystem()
    files.write(Self.directory / "f", "one")
    let before = try Self.look(files)
    // The same size within the same tick.
    files.write(Self.directory / "f", "two")
    #expect(try Self.look(files).listDigest != before.listDigest)
    files.tick(.seconds(5))
    #expect(try Self.look(files).listDigest == Self.fresh(files))
    #expect(try Self.look(files).snapshot == nil)
  }

  @Test func anotherReachIsAnotherQuestion() throws {
    let files = InMemoryFileSystem()
    files.write(["/repository/a/1/f": "f", "/repository/a/1/g": "g"])
    files.tick(.seconds(5))
    _ = try Self.look(files)
    files.clearJournal()
    let narrow = Self.recipe(sources: ["f"])
    #expect(try Self.look(files, narrow).listDigest == Self.fresh(files, narrow))
    // The files are known, whatever they are wanted for: only `fresh` has read one.
    #expect(files.journal(.hash) == ["a/1/f"])
  }

  @Test(arguments: [(9, 9, true), (10, 9, false), (9, 10, false), (11, 11, false)])
  func aFileThatIsNotOlderThanTheMomentOfItsHashIsNotKept(modified: Int, changed: Int, isKept: Bool) {
    let status = FileStatus(
      kind: .regular, mode: 0, device: 1, inode: 1, size: 1, modified: modified, changed: changed)
    var index = FileIndex()
    index.insert([FileIndex.Entry(status, .sha256("x"))], readSince: 10)
    #expect((index.digest(for: status) != nil) == isKept)
  }

  @Test func aRacyEntryDoesNotStandInForAnOlderOne() {
    let old = FileStatus(kind: .regular, mode: 0, device: 1, inode: 1, size: 1, modified: 1, changed: 1)
    var new = old
    new.modified = 20
    new.changed = 20
    var index = FileIndex()
    index.insert([FileIndex.Entry(old, .sha256("old"))], readSince: 10)
    index.insert([FileIndex.Entry(new, .sha256("new"))], readSince: 10)
    #expect(index.digest(for: new) == nil)
  }

  @Test func noDamageGivesAWrongAnswer() throws {
    var random = SeededGenerator(seed: 1)
    let files = Self.tree(&random)
    files.tick(.seconds(5))
    _ = try Self.look(files)
    let bytes = try #require(files.bytes(Self.index))
    let right = try Self.fresh(files)
    func check(_ damaged: [UInt8], _ what: String) throws {
      files.write(Self.index, bytes: damaged)
      #expect(try Self.look(files).listDigest == right, "\(what)")
    }
    for cut in stride(from: 0, to: bytes.count, by: 7) { try check(Array(bytes[..<cut]), "cut at \(cut)") }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try check(damaged, "a bit of \(place)")
    }
  }
}
