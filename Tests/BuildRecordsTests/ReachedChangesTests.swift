import BuildRecords
import DockerfileText
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Every kind of change of a context, and whether a build of `COPY src *.txt link/used /x/` sees it.
struct ReachedChangesTests {
  struct Change: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let isSeen: Bool
    let make: @Sendable (InMemoryFileSystem) throws -> Void

    static func seen(_ what: String, _ make: @escaping @Sendable (InMemoryFileSystem) throws -> Void) -> Change {
      Change(testDescription: what, isSeen: true, make: make)
    }

    static func unseen(_ what: String, _ make: @escaping @Sendable (InMemoryFileSystem) throws -> Void) -> Change {
      Change(testDescription: what, isSeen: false, make: make)
    }
  }

  private static let directory: FilePath = "/repository/a/1"

  private static func tree() -> InMemoryFileSystem {
    let files = InMemoryFileSystem(root: directory)
    for path in ["src/run", "src/deep/f", "a.txt", "b.bin", "real/used", "real/other", "src/left.tmp", "doc/page"] {
      files.write(FilePath(path), "content of \(path)", mode: 0o644)
    }
    files.link("src/current", to: "deep/f")
    files.link("link", to: "real")
    files.tick()
    return files
  }

  static let changes: [Change] = [
    .seen("content") { $0.write("src/run", "new") },
    .seen("content of the same length") { $0.write("a.txt", "CONTENT OF A.TXT") },
    .seen("content behind a link on the way") { $0.write("real/used", "new") },
    .seen("an executable bit") { $0.chmod("src/run", 0o755) },
    .seen("a set-user-id bit") { $0.chmod("src/run", 0o4644) },
    .seen("the permissions of a directory") { $0.chmod("src/deep", 0o700) },
    .seen("the sticky bit of a directory") { $0.chmod("src/deep", 0o1755) },
    .seen("a file that is renamed") { $0.move("src/run", to: "src/ran") },
    .seen("a file that moves to another directory") { $0.move("src/run", to: "src/deep/run") },
    .seen("two files that change places") {
      $0.move("src/run", to: "t")
      $0.move("a.txt", to: "src/run")
      $0.move("t", to: "a.txt")
    },
    .seen("a name that changes its case") { $0.move("src/run", to: "src/Run") },
    .seen("a directory whose name changes its case") { $0.move("src/deep", to: "src/Deep") },
    .seen("a link's target") {
      $0.delete("src/current")
      $0.link("src/current", to: "run")
    },
    .seen("a link's target, by another way to the same file") {
      $0.delete("src/current")
      $0.link("src/current", to: "./deep/f")
    },
    .seen("a link on the way") {
      $0.delete("link")
      $0.link("link", to: "./real")
    },
    .seen("a link that becomes what it leads to") {
      $0.delete("src/current")
      $0.write("src/current", "content of src/deep/f", mode: 0o644)
    },
    .seen("a file that becomes a directory") {
      $0.delete("src/run")
      $0.makeSpecial("src/run", .directory)
    },
    .seen("an empty directory that is added") { $0.makeSpecial("src/empty", .directory) },
    .seen("a directory that goes") { try $0.removeTree("/repository/a/1/src/deep") },
    .seen("a file that is added where a wildcard matches") { $0.write("new.txt", "") },
    .seen("a link that is added where a wildcard matches") { $0.link("new.txt", to: "doc/page") },
    .seen("a file that is removed") { $0.delete("src/run") },
    .unseen("times") { $0.setModified(7, of: "src/run") },
    .unseen("a file that is written anew") { $0.write("src/run", "content of src/run") },
    .unseen("a directory that is made anew") {
      $0.move("src", to: "old")
      try $0.createDirectory(directory / "src")
      for name in ["run", "deep", "current"] { $0.move(FilePath("old/" + name), to: FilePath("src/" + name)) }
    },
    .unseen("a file that nothing takes") { $0.write("b.bin", "new") },
    .unseen("a file beside the one behind a link") { $0.write("real/other", "new") },
    .unseen("the permissions of a directory that is itself a source") { $0.chmod("src", 0o700) },
    .unseen("the permissions of a directory on the way") { $0.chmod("real", 0o700) },
    .unseen("a file that is ignored") { $0.write("src/left.tmp", "new") },
    .unseen("a file that is added and ignored") { $0.write("src/more.tmp", "new") },
    .unseen("an ignored file that goes") { $0.delete("src/left.tmp") },
    .unseen("a directory that nothing takes") { try $0.removeTree("/repository/a/1/doc") },
    .unseen("a file that is added where the wildcard matches another case") { $0.write("new.TXT", "") },
    .unseen("a second name of a file") {
      try $0.removeTree("/repository/a/1/doc/page")
      try $0.hardLink("/repository/a/1/doc/page", to: "/repository/a/1/src/run")
    },
  ]

  @Test(arguments: changes) func aChangeIsSeenExactlyWhenTheBuildCanSeeIt(change: Change) throws {
    let files = Self.tree()
    let before = try Self.fingerprint(files)
    try change.make(files)
    #expect((try Self.fingerprint(files) != before) == change.isSeen)
  }

  @Test(arguments: [
    ("COPY src /x/", false), ("ADD src/ /x", false), ("COPY s* /x/", false), ("COPY link /x/", false),
    ("RUN --mount=type=bind,source=src true", true), ("COPY --parents src /x/", true), ("COPY . /x/", true),
    ("COPY src . /x/", true), ("COPY src /x/\nRUN --mount=type=bind,source=src true", true),
  ]) func permissionsOfASourceAreSeenWhereAnEngineKeepsThem(instructions: String, isSeen: Bool) throws {
    let files = Self.tree()
    files.delete("link")
    files.link("link", to: "src")
    let before = try Self.fingerprint(files, instructions)
    files.chmod("src", 0o2700)
    #expect((try Self.fingerprint(files, instructions) != before) == isSeen)
  }

  /// `COPY --parents` makes them as they are.
  @Test(arguments: [
    ("COPY src/deep/used /x/", false), ("COPY --parents src/deep/used /x/", true),
    ("COPY --parents src/*/used /x/", true), ("COPY --parents src/deep/nothing src/run /x/", false),
    ("COPY --parents src/**/used /x/", true), ("COPY --parents link/used /x/", true),
    ("COPY src/deep /x/\nCOPY --parents src/deep/used /x/", true), ("COPY src/deep /x/", false),
    ("RUN --mount=type=bind,source=src/deep/used true", false),
  ]) func permissionsOfDirectoriesOnTheWayAreSeenWhereTheyAreKept(instructions: String, isSeen: Bool) throws {
    let files = Self.tree()
    files.write("src/deep/used", "deep")
    files.delete("link")
    files.link("link", to: "src/deep")
    let before = try Self.fingerprint(files, instructions)
    files.chmod("src/deep", 0o2700)
    #expect((try Self.fingerprint(files, instructions) != before) == isSeen)
  }

  private static func fingerprint(
    _ files: InMemoryFileSystem, _ instructions: String = "COPY src *.txt link/used /x/"
  ) throws -> Fingerprint {
    let platform = Platform(os: "linux", architecture: "amd64")
    var recipe = ImageRecipe(
      id: TreeText.id("a"), definition: .init(path: "a/1", directory: directory, origin: .repository),
      location: SourceLocation(file: directory / "casa_distro_docker.yaml", line: 1),
      reference: TreeText.reference("a"),
      dockerfile: DockerfileReader.read(
        Array("FROM scratch\n\(instructions)\n".utf8), file: directory / "Dockerfile",
        buildArguments: [:], target: nil, platform: platform), platform: platform)
    recipe.ignore = IgnoreFile(name: ".dockerignore", patterns: ["**/*.tmp"])
    let reader = InputReader(files: files, programDirectories: [])
    let snapshot = try reader.snapshot(of: .image(recipe), index: FileIndex())
    return reader.inputs(of: .image(recipe), snapshot: snapshot, bases: [], upstreams: [], generation: 0).fingerprint
  }
}
