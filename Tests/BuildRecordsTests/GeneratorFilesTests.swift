import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What a generator is made of: its declared inputs and its program.
struct GeneratorFilesTests {
  private static let place = SourceLocation(file: "/repository/a/1/casa_distro_docker.yaml", line: 7)

  private static func snapshot(
    _ files: InMemoryFileSystem, inputs: [String] = [], command: [String] = ["make-it", "{output}"]
  ) throws -> ContextSnapshot {
    let recipe = GeneratorRecipe(
      id: ArtifactID(kind: .generate, name: "a/1", tag: "x"),
      definition: .init(path: "a/1", directory: "/repository/a/1", origin: .repository), location: place, output: "x",
      command: command, inputs: inputs.map { Located($0, at: place) })
    return try InputReader(files: files, programDirectories: ["/usr/local/bin", "/usr/bin"])
      .snapshot(of: .generator(recipe), index: FileIndex())
  }

  private static func paths(_ snapshot: ContextSnapshot) -> [String] {
    snapshot.files.map { String(decoding: $0.path, as: UTF8.self) }
  }

  @Test func inputsMayBeFilesAndDirectories() throws {
    let files = InMemoryFileSystem(root: "/repository/a/1")
    files.write(["list": "l", "d/x": "x", "d/e/y": "y", "other": "o"])
    #expect(try Self.paths(Self.snapshot(files, inputs: ["list", "d"])) == ["d", "d/e", "d/e/y", "d/x", "list"])
  }

  @Test func aMissingInputIsAFaultAtItsPlace() throws {
    let snapshot = try Self.snapshot(InMemoryFileSystem(), inputs: ["list"])
    #expect(snapshot.diagnostics.map(\.location) == [Self.place])
    #expect(snapshot.diagnostics.map(\.severity) == [.error])
  }

  @Test func theProgramsBytesStandForItsVersion() throws {
    let files = InMemoryFileSystem()
    files.write("/usr/bin/make-it", "1", mode: 0o755)
    files.write("/usr/local/bin/make-it", "not executable", mode: 0o644)
    let first = try Self.snapshot(files)
    #expect(Self.paths(first) == ["program make-it"])
    #expect(first.files.first?.source == "/usr/bin/make-it")
    files.write("/repository/a/1/make-it", "own", mode: 0o755)
    #expect(try Self.snapshot(files, command: ["./make-it"]).files.first?.kind == .regular(.sha256("own")))
    #expect(try Self.paths(Self.snapshot(files, command: ["absent"])) == [])
  }

  @Test func aDirectoryOfProgramsThatCannotBeEnteredIsPassedOver() throws {
    let files = InMemoryFileSystem()
    files.write("/usr/bin/make-it", "1", mode: 0o755)
    files.injectFailures { operation, path in
      path.isBelow("/usr/local/bin") ? FileSystemError("stat", path, .notPermitted) : nil
    }
    #expect(try Self.paths(Self.snapshot(files)) == ["program make-it"])
  }

  @Test(.timeLimit(.minutes(1))) func linksThatLeadInACircleEnd() throws {
    let files = InMemoryFileSystem(root: "/repository/a/1")
    files.write("d/x", "x")
    for name in ["one", "two", "three"] { files.link(FilePath("d/\(name)"), to: ".") }
    let snapshot = try Self.snapshot(files, inputs: ["d"])
    #expect(Self.paths(snapshot) == ["d", "d/one", "d/three", "d/two", "d/x"])
    #expect(snapshot.diagnostics.isEmpty)
  }

  @Test func everythingThatACommandCanSeeOfAnInputCounts() throws {
    let files = InMemoryFileSystem(root: "/repository/a/1")
    files.write(["d/x": "same", "d/y": "same", "d/e/z": "z", "/outside": "out"])
    files.link("d/link", to: "x")
    files.link("d/away", to: "/outside")
    files.link("d/nowhere", to: "/none")
    let changes: [(String, () -> Void)] = [
      ("an empty directory", { files.makeSpecial("d/empty", .directory) }),
      ("permissions of a directory", { files.chmod("d/e", 0o700) }),
      ("permissions of the input", { files.chmod("d", 0o700) }),
      ("permissions of a file", { files.chmod("d/x", 0o600) }),
      (
        "a link to a file with the same bytes",
        {
          files.delete("d/link")
          files.link("d/link", to: "y")
        }
      ),
      ("what is behind a link that leads away", { files.write("/outside", "other") }),
      ("what is behind a link that led nowhere", { files.write("/none", "now") }),
      ("a file", { files.write("d/e/z", "other") }),
    ]
    for (what, change) in changes {
      let before = try Self.snapshot(files, inputs: ["d"])
      #expect(before.diagnostics.isEmpty)
      change()
      #expect(try Self.snapshot(files, inputs: ["d"]).listDigest != before.listDigest, "\(what)")
    }
  }
}
