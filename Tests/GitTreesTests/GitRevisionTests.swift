import GitTrees
import HostSystem
import ImageModel
import TestSupport
import Testing

/// The real programs, and which were run.
private final class CountingRunner: ProcessRunner {
  private let base = PosixProcessRunner()
  private let log = Locked<[String]>([])

  /// The first word behind `git` of each.
  var commands: [String] { log.withLock { $0 } }

  func run(_ command: ProcessCommand) async throws(ProcessError) -> HostSystem.ExitStatus {
    log.withLock { $0.append(command.arguments.dropFirst().first ?? "") }
    return try await base.run(command)
  }
}

@Suite struct GitRevisionTests {
  private static let files = PosixFileSystem()

  private static func open(
    _ directory: FilePath, _ processes: any ProcessRunner = PosixProcessRunner()
  ) async throws -> GitRepository {
    try await GitRepository(
      of: directory, processes: processes, environment: RandomRepository.environment, files: files)
  }

  /// The text of a file at a revision; nil where there is none.
  private static func text(_ path: FilePath, at words: String, in directory: FilePath) async throws -> String? {
    let revision = try await GitRevision(words, in: try await open(directory))
    return try await GitObjects.read(of: revision, files: files) { objects in
      try GitFileSystem(revision, objects, base: files).contentsIfPresent(of: directory / path, limit: 1000)
        .map { String(decoding: $0, as: UTF8.self) }
    }
  }

  private static func complaint(_ words: String, in directory: FilePath) async -> String? {
    do {
      _ = try await GitRevision(words, in: try await open(directory))
      return nil
    } catch {
      return (error as? InvalidInput)?.diagnostics.map { "\($0.message); \($0.help ?? "")" }.joined() ?? "\(error)"
    }
  }

  /// one – two – three on main, and `side` from one, which is checked out.
  private static func branched() async throws -> (repository: RandomRepository, one: String, three: String) {
    let repository = try await RandomRepository(seed: 0)
    try repository.write("f", "one\n")
    let one = try await repository.commit()
    for text in ["two\n", "three\n"] {
      try repository.write("f", text)
      _ = try await repository.commit()
    }
    let three = try await repository.git("rev-parse", "HEAD")
    try await repository.git("tag", "-a", "-m", "x", "v1", one)
    try await repository.git("checkout", "-q", "-b", "side", one)
    try repository.write("g", "side\n")
    _ = try await repository.commit()
    return (repository, one, three)
  }

  @Test func revisionsAreWhatGitTakesThemFor() async throws {
    let (repository, one, three) = try await Self.branched()
    let git = try await Self.open(repository.top / ".")
    for (words, commit) in [
      ("main", three), ("main~2", one), ("v1", one), ("HEAD~1", one), (":/x", nil), ("main...", one),
      ("main...HEAD", one),
      ("main...side", one), ("main..", three), ("main..side", three), ("...", nil), (one, one),
      (String(one.prefix(10)), one), ("main^{/x}", three),
    ] {
      let found = try await GitRevision(words, in: git).commit
      if let commit { #expect(found == commit, "\(words)") }
    }
    let top = repository.top
    for (words, part) in [
      ("nonsense", "no commit 'nonsense'"), ("", "no commit"), ("-x", "no commit '-x'"), ("HEAD^{tree}", "no commit"),
      ("HEAD:f", "no commit"), ("nonsense...", "'nonsense'"), ("main...nonsense", "'nonsense'"),
      ("side...main", "not checked out"), ("v1..main", "not checked out"), ("a\0b", "no commit"),
      (String(repeating: "1", count: 40), "shallow"),
    ] {
      let complaint = await Self.complaint(words, in: top)
      #expect(complaint?.contains(part) == true, "\(words): \(complaint ?? "nothing")")
    }
    try await repository.git("checkout", "-q", "--orphan", "other")
    _ = try await repository.commit()
    #expect(await Self.complaint("main...", in: top)?.contains("no common ancestor") == true)
    #expect(await Self.complaint("main", in: repository.directory.path)?.contains("not a git repository") == true)
    #expect(await Self.complaint("main", in: top / ".git")?.contains("work tree") == true)
  }

  @Test func aShallowCloneSaysWhatItLacks() async throws {
    let (repository, one, three) = try await Self.branched()
    let clone = repository.directory / "clone"
    try await repository.git(
      "clone", "-q", "--depth", "2", "--branch", "main", "file://\(repository.top)", clone.description)
    #expect(try await Self.text("f", at: "HEAD~1", in: clone) == "two\n")
    #expect(try await Self.text("f", at: three, in: clone) == "three\n")
    for words in ["HEAD~2", one, "\(one)..."] {
      #expect(await Self.complaint(words, in: clone)?.contains("git fetch --unshallow") == true, "\(words)")
    }
  }

  @Test func anObjectThatIsMissingIsNoEmptyFile() async throws {
    let (repository, _, _) = try await Self.branched()
    let object = try await repository.git("rev-parse", "main:f")
    let path = FilePath(".git/objects/\(object.prefix(2))/\(object.dropFirst(2))")
    try Self.files.remove(repository.top / path)
    let revision = try await GitRevision("main", in: try await Self.open(repository.top))
    await #expect {
      try await GitObjects.read(of: revision, files: Self.files) { objects in
        // A reader that takes what it cannot read for nothing.
        _ = try? GitFileSystem(revision, objects, base: Self.files).digest(of: repository.top / "f")
      }
    } throws: {
      ($0 as? Failure)?.message.contains("git does not have f") == true
    }
  }

  @Test func oneProcessReadsAllFiles() async throws {
    let repository = try await RandomRepository(seed: 0)
    for number in 0..<200 { try repository.write("d\(number % 20)/e/\(number)", "\(number)\n") }
    _ = try await repository.commit()
    let runner = CountingRunner()
    let revision = try await GitRevision("HEAD", in: try await Self.open(repository.top, runner))
    let top = repository.top
    let count = try await GitObjects.read(of: revision, files: Self.files) { objects in
      let tree = GitFileSystem(revision, objects, base: Self.files)
      return try (0..<200).count { try tree.digest(of: top / "d\($0 % 20)/e/\($0)") == .sha256("\($0)\n") }
    }
    #expect(count == 200)
    #expect(runner.commands == ["rev-parse", "config", "rev-parse", "cat-file"])
  }

  @Test func submodulesAreRead() async throws {
    let inner = try await RandomRepository(seed: 1)
    try inner.write("x", "old\n")
    _ = try await inner.commit()
    let outer = try await RandomRepository(seed: 2)
    try await outer.git("submodule", "--quiet", "add", "file://\(inner.top)", "deep/sub")
    let first = try await outer.commit()
    try inner.write("x", "new\n")
    let second = try await inner.commit()
    try await outer.git("fetch", "-q", in: outer.top / "deep/sub")
    try await outer.git("checkout", "-q", second, in: outer.top / "deep/sub")
    _ = try await outer.commit()
    #expect(try await Self.text("deep/sub/x", at: first, in: outer.top) == "old\n")
    #expect(try await Self.text("deep/sub/x", at: "HEAD", in: outer.top) == "new\n")
    #expect(try await Self.text("deep/sub/.git", at: first, in: outer.top)?.hasPrefix("gitdir:") == true, "as now")
    try await outer.git("submodule", "--quiet", "deinit", "-f", "deep/sub")
    #expect(try await Self.text("deep/sub/x", at: first, in: outer.top) == nil, "an empty directory")
  }

  @Test func whatGitDoesNotRecordIsAsItIsNow() async throws {
    let repository = try await RandomRepository(seed: 0)
    try repository.write("plain", "1\n", mode: 0o600)
    try repository.write("tool", "1\n", mode: 0o700)
    try repository.write("d/f", "1\n")
    try Self.files.setMode(0o750, of: repository.top / "d")
    _ = try await repository.commit()
    try Self.files.setMode(0o664, of: repository.top / "plain")
    try Self.files.setMode(0o640, of: repository.top / "tool")
    try repository.write("state/x", "mine\n")
    try repository.write("ignored", "1\n")
    let revision = try await GitRevision("HEAD", in: try await Self.open(repository.top))
    let top = repository.top
    let outside = repository.directory / "outside"
    try Self.files.replace(outside, with: Array("out".utf8), mode: 0o644)
    try await GitObjects.read(of: revision, files: Self.files) { (objects) throws -> Void in
      let tree = GitFileSystem(revision, objects, base: Self.files, asNow: [top / "state"])
      func mode(_ path: FilePath) throws -> UInt16 { try tree.status(of: top / path, followingLinks: false).mode }
      #expect(try mode("plain") == 0o664)
      #expect(try mode("tool") == 0o750, "executable again, for who may read")
      #expect(try mode("d") == 0o750)
      #expect(try tree.names(of: top).map(\.name).contains("state"))
      #expect(try tree.contents(of: top / "state/x", limit: 9) == Array("mine\n".utf8))
      #expect(try tree.contents(of: top / "../outside", limit: 9) == Array("out".utf8))
      #expect(try tree.statusIfPresent(of: top / "ignored") == nil)
      #expect(throws: FileSystemError.self) { try tree.remove(top / "plain") }
    }
  }
}
