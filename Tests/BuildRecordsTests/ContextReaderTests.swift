import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Which files count, and what of them.
struct ContextReaderTests {
  private static let directory: FilePath = "/repository/a/1"

  private static func recipe(_ reach: ContextReach = .whole(reason: "all"), ignoring: [String] = []) -> ImageRecipe {
    var recipe = ImageRecipe(
      id: TreeText.id("a"), definition: .init(path: "a/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 1),
      reference: TreeText.reference("a"),
      dockerfile: DockerfileFacts(
        file: directory / "Dockerfile", text: [], instructions: [], uses: [], reach: reach),
      platform: Platform(os: "linux", architecture: "amd64"))
    recipe.ignore = IgnoreFile(name: ".dockerignore", patterns: ignoring)
    return recipe
  }

  static func select(_ patterns: String...) -> ContextReach {
    .selected(patterns.map { ContextSelector(pattern: $0, isPattern: $0.contains { "*?[".contains($0) }) })
  }

  private static func read(_ files: InMemoryFileSystem, _ recipe: ImageRecipe = recipe()) throws -> ContextSnapshot {
    try ContextReader(files: files, index: FileIndex()).read(recipe)
  }

  /// `path`, `path/` for directories, `path -> target` for links.
  private static func shown(_ files: InMemoryFileSystem, _ recipe: ImageRecipe = recipe()) throws -> [String] {
    try read(files, recipe).files.map { file in
      let path = String(decoding: file.path, as: UTF8.self)
      switch file.kind {
      case .regular: return path
      case .directory: return path + "/"
      case .symbolicLink(let target): return "\(path) -> \(String(decoding: target, as: UTF8.self))"
      }
    }
  }

  private static func files(_ paths: String...) -> InMemoryFileSystem {
    let files = InMemoryFileSystem(root: directory)
    for path in paths { files.write(FilePath(path), "content of \(path)") }
    files.tick()
    return files
  }

  @Test func theWholeContextIsReadSortedByPathWithoutTheDefinition() throws {
    let files = Self.files("b", "a/z", "a.txt", "casa_distro_docker.yaml", "casa_distro_vbox.yaml", "Dockerfile")
    files.makeSpecial("empty", .directory)
    #expect(try Self.shown(files) == ["Dockerfile", "a/", "a.txt", "a/z", "b", "empty/"])
  }

  /// `String` takes them for equal, file systems and engines do not.
  @Test func twoSpellingsOfALetterAreTwoNames() throws {
    let (composed, decomposed) = ("\u{FC}", "u\u{308}")
    let files = Self.files(composed, decomposed, "\(decomposed).template")
    #expect(try Self.shown(files, Self.recipe(Self.select(composed, decomposed))) == [decomposed, composed])
    var recipe = Self.recipe()
    recipe.renderedFiles = [FilePath(composed): []]
    recipe.generated = [FilePath(decomposed): TreeText.id("g")]
    #expect(try Self.shown(files, recipe) == [composed])
    recipe.generated = [:]
    #expect(try Self.shown(files, recipe) == [decomposed, composed])
  }

  @Test func aDefinitionFileBelowTheTopIsAnyFile() throws {
    #expect(try Self.shown(Self.files("d/casa_distro_docker.yaml")) == ["d/", "d/casa_distro_docker.yaml"])
  }

  @Test func templatesAtTheTopGiveWayToWhatTheyMake() throws {
    let files = Self.files("conf.template", "d/conf.template", "f")
    var recipe = Self.recipe()
    recipe.renderedFiles = ["conf": Array("rendered".utf8)]
    #expect(try Self.shown(files, recipe) == ["conf", "d/", "d/conf.template", "f"])
    let conf = try #require(Self.read(files, recipe).files.first)
    #expect(conf.kind == .regular(.sha256("rendered")))
    #expect(conf.source == nil)
  }

  @Test func aDirectoryWithTheNameOfATemplateIsADirectory() throws {
    let files = Self.files("conf.template/f", "real/f")
    files.link("linked.template", to: "real")
    #expect(
      try Self.shown(files) == [
        "conf.template/", "conf.template/f", "linked.template -> real", "real/", "real/f",
      ])
  }

  @Test func whatAGeneratorMakesIsNotReadFromTheDirectory() throws {
    var recipe = Self.recipe()
    recipe.generated = ["rootfs.tar": TreeText.id("g")]
    #expect(try Self.shown(Self.files("rootfs.tar", "f"), recipe) == ["f"])
  }

  @Test func renderedFilesCountOnlyWhereTheyAreReached() throws {
    var recipe = Self.recipe(Self.select("f"))
    recipe.renderedFiles = ["conf": []]
    #expect(try Self.shown(Self.files("f"), recipe) == ["f"])
  }

  @Test func onlyWhatIsReachedAndNotIgnoredCounts() throws {
    let files = Self.files("src/a.c", "src/b.o", "src/deep/c.c", "doc/x", "Makefile", "notes.txt", "readme.txt")
    #expect(
      try Self.shown(files, Self.recipe(Self.select("src", "Makefile"), ignoring: ["**/*.o"])) == [
        "Makefile", "src/", "src/a.c", "src/deep/", "src/deep/c.c",
      ])
    #expect(try Self.shown(files, Self.recipe(Self.select("*.txt"))) == ["notes.txt", "readme.txt"])
    #expect(try Self.shown(files, Self.recipe(Self.select("src/deep/c.c"))) == ["src/deep/c.c"])
    #expect(
      try Self.shown(files, Self.recipe(ignoring: ["src", "!src/a.c", "*.txt"])) == [
        "Makefile", "doc/", "doc/x", "src/a.c",
      ])
  }

  // MARK: links

  @Test func aLinkInsideStaysALink() throws {
    let files = Self.files("dir/f")
    files.link("link", to: "dir/f")
    files.link("d", to: "dir")
    files.link("dangling", to: "nowhere")
    files.link("round", to: "about")
    files.link("about", to: "round")
    #expect(
      try Self.shown(files) == [
        "about -> round", "d -> dir", "dangling -> nowhere", "dir/", "dir/f", "link -> dir/f", "round -> about",
      ])
    #expect(try Self.read(files).diagnostics == [])
  }

  @Test func aLinkThatLeavesTheDirectoryBecomesWhatItLeadsTo() throws {
    let files = Self.files("f")
    files.write("/outside/file", "outside", mode: 0o755)
    files.write("/outside/tree/x", "x")
    files.link("/outside/tree/inner", to: "x")
    files.link("/outside/tree/back", to: "/repository/a/1/f")
    files.link("file", to: "../../../outside/file")
    files.link("tree", to: "../../../outside/tree")
    let shown = try Self.shown(files)
    #expect(shown.filter { !$0.contains("back") } == ["f", "file", "tree/", "tree/inner", "tree/x"])
    let file = try #require(Self.read(files).files.first { $0.path == Array("file".utf8) })
    #expect(file.kind == .regular(.sha256("outside")))
    #expect(file.mode == 0o755)
    #expect(file.source == "/outside/file")
  }

  @Test func anAbsoluteLinkIsAPathOfTheImageWhateverLiesThereOnThisMachine() throws {
    let files = Self.files("f")
    files.write("/outside/tree/x", "x")
    files.makeSpecial("/outside/null", .characterDevice)
    files.link("tree", to: "/outside/tree")
    files.link("masked.service", to: "/outside/null")
    files.link("second", to: "masked.service")
    #expect(
      try Self.shown(files) == [
        "f", "masked.service -> /outside/null", "second -> masked.service", "tree -> /outside/tree",
      ])
    #expect(try Self.read(files).diagnostics == [])
  }

  @Test func aSourceBehindALinkIsLookedUpWithTheContextAsRoot() throws {
    let files = Self.files("real/f", "real/g", "g")
    files.link("absolute", to: "/real")
    files.link("above", to: "../../../../../../real")
    files.link("chain", to: "absolute")
    #expect(
      try Self.shown(files, Self.recipe(Self.select("absolute"))) == [
        "absolute -> /real", "real/", "real/f", "real/g",
      ])
    #expect(try Self.shown(files, Self.recipe(Self.select("absolute/f"))) == ["absolute -> /real", "real/f"])
    #expect(
      try Self.shown(files, Self.recipe(Self.select("above/g"))) == ["above -> ../../../../../../real", "real/g"])
    #expect(
      try Self.shown(files, Self.recipe(Self.select("chain/g"))) == [
        "absolute -> /real", "chain -> absolute", "real/g",
      ])
    #expect(
      try Set(Self.shown(files, Self.recipe(Self.select("abs*/f")))).isSuperset(of: ["absolute -> /real", "real/f"]))
  }

  @Test func aLinkToADirectoryThatContainsItIsAFault() throws {
    let files = Self.files("d/f")
    files.write("/repository/a/sibling/g", "g")
    files.link("up", to: "..")
    let snapshot = try Self.read(files)
    #expect(snapshot.diagnostics.map(\.severity) == [.error])
    #expect(snapshot.diagnostics.first?.location?.file.name == "up")
  }

  @Test func directoriesOutsideThatLeadToEachOtherEnd() throws {
    let files = Self.files("f")
    files.link("/x/to-y", to: "../y")
    files.link("/y/to-x", to: "../x")
    files.link("start", to: "../../../x")
    #expect(try Self.read(files).diagnostics.map(\.severity) == [.error])
  }

  @Test func aSourceThatIsALinkBringsWhatItLeadsTo() throws {
    let files = Self.files("real/f", "real/g", "other")
    files.link("link", to: "middle")
    files.link("middle", to: "real")
    for pattern in ["link", "l*"] {
      #expect(
        try Self.shown(files, Self.recipe(Self.select(pattern))) == [
          "link -> middle", "middle -> real", "real/", "real/f", "real/g",
        ])
    }
  }

  @Test func aLinkOnTheWayToASourceBringsTheSourceAndNothingBeside() throws {
    let files = Self.files("real/f", "real/g", "real/deep/h", "elsewhere/k")
    files.link("link", to: "real")
    files.link("real/away", to: "../elsewhere")
    #expect(try Self.shown(files, Self.recipe(Self.select("link/f"))) == ["link -> real", "real/f"])
    #expect(
      try Self.shown(files, Self.recipe(Self.select("link/deep"))) == ["link -> real", "real/deep/", "real/deep/h"])
    #expect(
      try Self.shown(files, Self.recipe(Self.select("link/away/k"))) == [
        "elsewhere/k", "link -> real", "real/away -> ../elsewhere",
      ])
  }

  @Test func aSourceThatIsALinkIsFollowedWhereTheDirectoryAroundItIsCopiedToo() throws {
    let files = Self.files("top/f", "real/g")
    files.link("top/link", to: "/real")
    for other in ["top/link", "top/*", "*/link", "*/link/g"] {
      let recipe = Self.recipe(Self.select("top", other))
      let shown = try Self.shown(files, recipe)
      #expect(shown.contains("real/g") && shown.contains("top/f"), "COPY top and COPY \(other)")
    }
    #expect(try Self.shown(files, Self.recipe(Self.select("top"))) == ["top/", "top/f", "top/link -> /real"])
  }

  @Test func whatSeveralSourcesReachIsWhatEachOfThemReaches() throws {
    let names = ["a", "b", "c"]
    var generator = SeededGenerator(seed: 0)
    func path() -> String {
      (0...Int.random(in: 0...2, using: &generator)).map { _ in names[Int.random(in: 0..<3, using: &generator)] }
        .joined(separator: "/")
    }
    for seed in Soak.seeds(300) {
      generator = SeededGenerator(seed: seed)
      let files = InMemoryFileSystem(root: Self.directory)
      for _ in 0..<8 {
        let place = path()
        let parents = place.split(separator: "/").indices.map {
          place.split(separator: "/")[...$0].joined(separator: "/")
        }
        // A file or a link is no directory, and nothing stands twice.
        if parents.contains(where: {
          guard let status = try? files.statusIfPresent(of: Self.directory / FilePath($0)) else { return false }
          return status.kind != .directory || $0 == place
        }) {
          continue
        }
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: files.link(FilePath(place), to: FilePath("/" + path()))
        case 1: files.link(FilePath(place), to: FilePath(path()))
        default: files.write(FilePath(place), place)
        }
      }
      let patterns = (0..<Int.random(in: 2...3, using: &generator)).map { _ in
        path().split(separator: "/").map { Int.random(in: 0..<4, using: &generator) == 0 ? "*" : $0 }
          .joined(separator: "/")
      }
      func read(_ patterns: [String]) throws -> Set<[UInt8]> {
        let selectors = patterns.map { ContextSelector(pattern: $0, isPattern: $0.contains("*")) }
        return Set(try Self.read(files, Self.recipe(.selected(selectors))).files.map(\.path))
      }
      let all = try patterns.map { try read([$0]) }.reduce(into: Set()) { $0.formUnion($1) }
      let (together, tree) = (try read(patterns), try Self.shown(files))
      #expect(together == all, "seed \(seed): \(patterns) of \(tree)")
    }
  }

  @Test func linksToAbsoluteLinksAreFollowedWithinTheContext() throws {
    let files = Self.files("real/x", "top/file")
    files.link("absolute", to: "/real")
    files.link("top/link", to: "../absolute")
    files.link("top/nowhere", to: "../none")
    // On this machine there is no /real.
    #expect(
      try Self.shown(files, Self.recipe(Self.select("*/link/*")))
        == ["absolute -> /real", "real/x", "top/link -> ../absolute"])
    let behindNothing = try Self.shown(files, Self.recipe(Self.select("*/nowhere/*")))
    // The other link might have led to something of that name.
    #expect(behindNothing == ["absolute -> /real"])
  }

  @Test func aLinkBeforeAWildcardBringsItsMatches() throws {
    let files = Self.files("real/a.txt", "real/b.c", "[x]/a.txt")
    files.link("link", to: "real")
    files.link("odd", to: "[x]")
    #expect(try Self.shown(files, Self.recipe(Self.select("link/*.txt"))) == ["link -> real", "real/a.txt"])
    #expect(try Self.shown(files, Self.recipe(Self.select("odd/*.txt"))) == ["[x]/a.txt", "odd -> [x]"])
    // A wildcard that matches a link on the way: all that it leads to, to be sure.
    let shown = try Self.shown(files, Self.recipe(Self.select("li*/a.txt")))
    #expect(Set(["link -> real", "real/a.txt"]).isSubset(of: shown))
  }

  @Test func linksOnTheWayThatLeadInACircleEnd() throws {
    let files = Self.files("f")
    files.link("a", to: "b/x")
    files.link("b", to: "a/y")
    #expect(try Self.shown(files, Self.recipe(Self.select("a/f", "f"))) == ["a -> b/x", "b -> a/y", "f"])
  }

  // MARK: special and unreadable files

  @Test func socketsAreLeftOutPipesAndDevicesAreFaults() throws {
    let files = Self.files("f")
    files.makeSpecial("s", .socket)
    files.makeSpecial("p", .fifo)
    files.makeSpecial("d/c", .characterDevice)
    let snapshot = try Self.read(files)
    #expect(try Self.shown(files) == ["d/", "f"])
    #expect(
      snapshot.diagnostics.sorted().map { "\($0.severity.rawValue) \($0.location?.file.name ?? "")" } == [
        "error c", "error p", "warning s",
      ])
    #expect(try Self.read(files, Self.recipe(ignoring: ["s", "p", "d"])).diagnostics == [])
  }

  @Test func whatCannotBeReadIsAFaultWithItsPlace() throws {
    let files = Self.files("f", "secret", "locked/x")
    files.injectFailures { operation, path in
      (operation == .hash && path.name == "secret") || (operation == .list && path.name == "locked")
        ? FileSystemError("open", path, .notPermitted) : nil
    }
    let snapshot = try Self.read(files)
    #expect(snapshot.diagnostics.sorted().compactMap(\.location?.file.name) == ["locked", "secret"])
    #expect(snapshot.diagnostics.allSatisfy { $0.severity == .error && $0.help != nil })
  }

  @Test func aFileThatChangesWhileItIsReadIsReadAgain() throws {
    let files = Self.files("f")
    let count = Locked(0)
    files.injectFailures { [unowned files] operation, path in
      // The first two looks after a hash see another time.
      if operation == .hash,
        count.withLock({ count in
          count += 1; return count <= 2
        })
      {
        files.tick()
        files.write(path, "moving \(files.now)")
      }
      return nil
    }
    let snapshot = try Self.read(files)
    let text = try #require(files.text("f"))
    #expect(snapshot.files.map(\.kind) == [.regular(.sha256(text))])
  }

  /// Also one that was elsewhere for a moment, and is back when it is looked for.
  @Test(arguments: [FileSystemError.Reason.unsteady, .notFound, .notADirectory, .isADirectory, .tooManyLinks])
  func aFileThatNeverRestsIsAFailureNotALoop(reason: FileSystemError.Reason) throws {
    let files = Self.files("f")
    files.injectFailures { operation, path in
      operation == .hash ? FileSystemError("read", path, reason) : nil
    }
    #expect { try Self.read(files) } throws: { "\($0)".contains("changed while it was read") }
  }

  @Test func knownFilesAreNotRead() throws {
    let files = Self.files("f", "g")
    var index = FileIndex()
    index.insert(try Self.read(files).hashed, readSince: files.now + 1)
    files.tick()
    files.write("g", "changed")
    files.clearJournal()
    let snapshot = try ContextReader(files: files, index: index).read(Self.recipe())
    #expect(files.journal(.hash) == ["g"])
    #expect(snapshot.hashed.count == 1)
    #expect(snapshot.files.count == 2)
  }
}
