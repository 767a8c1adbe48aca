import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// The fingerprint changes exactly when something changed that the build can reach.
struct RandomContextTests {
  /// What lies at a path, as the test knows it.
  private enum Thing: Hashable {
    case file(String, mode: UInt16)
    case directory
    case link(String)

    var isLink: Bool { if case .link = self { true } else { false } }
  }

  private static let names = ["a", "b", "c.txt", "D", "e.txt"]

  private struct Tree {
    var things: [String: Thing] = [:]

    func write(to files: InMemoryFileSystem) {
      for (path, thing) in things.sorted(by: { $0.key < $1.key }) {
        let place = FilePath("/repository/a/1/" + path)
        switch thing {
        case .file(let text, let mode): files.write(place, text, mode: mode)
        case .directory: files.makeSpecial(place, .directory)
        case .link(let target): files.link(place, to: FilePath(target))
        }
      }
    }

    /// The directories in which something can be made.
    var directories: [String] { [""] + things.filter { $0.value == .directory }.keys.map { $0 + "/" }.sorted() }

    mutating func change(_ random: inout SeededGenerator) {
      let paths = things.keys.sorted()
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        guard let parent = directories.randomElement(using: &random),
          let name = RandomContextTests.names.randomElement(using: &random),
          parent.utf8.count < 6, things[parent + name] == nil
        else { return }
        let thing: [Thing] = [
          .file("new", mode: 0o644), .directory, .link("nowhere \(random.next() % 2)"), .file("x", mode: 0o755),
        ]
        things[parent + name] = thing.randomElement(using: &random)
      case 2:
        guard let path = paths.randomElement(using: &random) else { return }
        things = things.filter { $0.key != path && !$0.key.hasPrefix(path + "/") }
      default:
        guard let path = paths.randomElement(using: &random) else { return }
        switch things[path] {
        case .file(let text, let mode):
          things[path] = random.once(in: 2) ? .file(text + "!", mode: mode) : .file(text, mode: mode ^ 0o100)
        case .link(let target): things[path] = .link(target + "!")
        case .directory, nil: break
        }
      }
    }

    /// What a build reaches: everything below one of `sources`, links on the way to one, or at the top with one of
    /// `suffixes`, not below one of `ignored`.
    func reached(_ sources: [String], _ suffixes: [String], _ ignored: [String]) -> [String: Thing] {
      things.filter { path, thing in
        let top = path.split(separator: "/")[0]
        let isReached =
          sources.contains { $0 == "." || path == $0 || path.hasPrefix($0 + "/") }
          || suffixes.contains { top.hasSuffix($0) }
          || thing.isLink && sources.contains { $0.hasPrefix(path + "/") }
        return isReached && !ignored.contains { path == $0 || path.hasPrefix($0 + "/") }
      }
    }
  }

  @Test(arguments: 0..<4) func fingerprintsAreEqualExactlyWhenWhatIsReachedIsEqual(part: Int) throws {
    var counts = (equal: 0, different: 0)
    for seed in (part * 100)..<(part * 100 + 100) {
      var random = SeededGenerator(seed: seed)
      let candidates = Self.names + ["a/b", "D/c.txt", "a/D"]
      let isWhole = random.once(in: 4)
      let sources = isWhole ? ["."] : candidates.filter { _ in random.once(in: 4) }
      let suffixes = random.once(in: 3) ? [".txt"] : []
      let ignored = candidates.filter { _ in random.once(in: 6) }
      let reach = ContextReach.selected(
        sources.map { ContextSelector(pattern: $0, isPattern: false) }
          + suffixes.map { ContextSelector(pattern: "*" + $0) })
      var tree = Tree()
      for _ in 0..<12 { tree.change(&random) }
      var before = try Self.fingerprint(tree, reach, ignored, &random)
      for round in 0..<6 {
        let old = tree
        tree.change(&random)
        let after = try Self.fingerprint(tree, reach, ignored, &random)
        let isEqual = old.reached(sources, suffixes, ignored) == tree.reached(sources, suffixes, ignored)
        #expect((before == after) == isEqual, "seed \(seed) round \(round)")
        if isEqual { counts.equal += 1 } else { counts.different += 1 }
        before = after
      }
    }
    // Both kinds of case came up.
    #expect(counts.equal > 50 && counts.different > 50)
  }

  /// Of a tree made anew: other inodes, other times, another order of making.
  private static func fingerprint(
    _ tree: Tree, _ reach: ContextReach, _ ignored: [String], _ random: inout SeededGenerator
  ) throws -> Fingerprint {
    let files = InMemoryFileSystem()
    files.tick(.seconds(Int.random(in: 0...9, using: &random)))
    files.write("a/1/casa_distro_docker.yaml", "\(random.next())")
    tree.write(to: files)
    for path in tree.things.keys.sorted() where random.once(in: 3) {
      if case .file? = tree.things[path] {
        files.setModified(Int.random(in: 0...9, using: &random), of: FilePath("/repository/a/1/" + path))
      }
    }
    let directory: FilePath = "/repository/a/1"
    var recipe = ImageRecipe(
      id: TreeText.id("a"), definition: .init(path: "a/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 1),
      reference: TreeText.reference("a"),
      dockerfile: DockerfileFacts(
        file: directory / "Dockerfile", text: [], instructions: [], uses: [], reach: reach),
      platform: Platform(os: "linux", architecture: "amd64"))
    recipe.ignore = IgnoreFile(name: ".dockerignore", patterns: ignored)
    let reader = InputReader(files: files, programDirectories: [])
    let snapshot = try reader.snapshot(of: .image(recipe), index: FileIndex())
    return reader.inputs(of: .image(recipe), snapshot: snapshot, bases: [], upstreams: [], generation: 0).fingerprint
  }
}
