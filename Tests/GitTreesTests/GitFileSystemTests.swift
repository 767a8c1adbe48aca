import GitTrees
import HostSystem
import ImageModel
import TestSupport
import Testing

@Suite struct GitFileSystemTests {
  private static let files = PosixFileSystem()

  /// What a file system says of a path, as text; nil in place of what no commit knows.
  private static func answers(_ files: any FileSystem, _ top: FilePath, _ path: FilePath) -> [String] {
    func answer(_ body: () throws -> String) -> String {
      do { return try body() } catch { return "\((error as? FileSystemError)?.reason as Any)" }
    }
    let place = top / path
    func look(_ status: FileStatus) -> String { "\(status.kind) \(String(status.mode, radix: 8))" }
    return [
      answer { look(try files.status(of: place, followingLinks: false)) },
      answer { look(try files.status(of: place, followingLinks: true)) },
      answer {
        try files.entries(of: place).filter { $0.name != ".git" }.map { "\($0.name) \(look($0.status))" }.joined(
          separator: "|")
      },
      answer {
        try files.names(of: place).filter { $0.name != ".git" }.map { "\($0.name) \($0.kind)" }.joined(separator: "|")
      },
      answer { "\(try files.contents(of: place, limit: 1 << 20))" },
      answer { "\(try files.digest(of: place))" },
      answer { "\(try files.target(ofLink: place))" },
      answer { "\(try files.resolved(place).relative(to: top) ?? "outside")" },
    ]
  }

  /// All that is there, and some of what is not.
  private static func paths(_ files: any FileSystem, _ top: FilePath, _ random: inout RandomRepository) throws
    -> [FilePath]
  {
    var paths: [FilePath] = [".", "", "a/", "lib/", "a/../b.txt"]
    func walk(_ path: FilePath) throws {
      for entry in try files.entries(of: path.isEmpty ? top : top / path) where entry.name != ".git" {
        let child = path / entry.name
        paths += [child, child / "a", child / ".." / "lib"]
        if entry.status.kind == .directory { try walk(child) }
      }
    }
    try walk("")
    return paths + (0..<30).map { _ in random.path() }
  }

  @Test(arguments: 0..<3)
  func aCommitLooksAsItsCheckoutDoes(part: Int) async throws {
    for seed in Soak.seeds(1, part: part) {
      var repository = try await RandomRepository(seed: seed, format: seed % 3 == 2 ? "sha256" : "sha1")
      try repository.edit(40)
      var commits = [try await repository.commit()]
      for _ in 0..<2 {
        try repository.edit(10)
        commits.append(try await repository.commit())
      }
      try repository.edit(10)
      for commit in commits {
        let checkout = try await repository.checkOut(commit)
        let paths = try Self.paths(Self.files, checkout, &repository)
        let git = try await GitRepository(
          of: repository.top, processes: PosixProcessRunner(), environment: RandomRepository.environment,
          files: Self.files)
        let revision = try await GitRevision(commit, in: git)
        let top = repository.top
        let differing = try await GitObjects.read(of: revision, files: Self.files) { objects in
          let tree = GitFileSystem(revision, objects, base: Self.files)
          return paths.compactMap { path -> String? in
            let expected = Self.answers(Self.files, checkout, path)
            let got = Self.answers(tree, top, path)
            guard let place = zip(expected, got).enumerated().first(where: { $1.0 != $1.1 })?.offset else { return nil }
            return "'\(path)' \(place): \(expected[place].prefix(200)) but \(got[place].prefix(200))"
          }
        }
        #expect(differing == [], "seed \(seed)")
      }
    }
  }

  /// What a commit of all that lies in the work tree says, whatever is edited afterwards.
  private func looking<Result: Sendable>(
    at repository: RandomRepository, after edit: () throws -> Void = {},
    _ body: @escaping @Sendable (GitFileSystem) throws -> Result
  ) async throws -> Result {
    let commit = try await repository.commit()
    try edit()
    let git = try await GitRepository(
      of: repository.top, processes: PosixProcessRunner(), environment: RandomRepository.environment,
      files: Self.files)
    let revision = try await GitRevision(commit, in: git)
    return try await GitObjects.read(of: revision, files: Self.files) { objects in
      try body(GitFileSystem(revision, objects, base: Self.files))
    }
  }

  @Test func aLinkIsConvertedByNoAttribute() async throws {
    let repository = try await RandomRepository(seed: 0)
    let link = repository.top / "link.txt"
    try Self.files.createLink(link, to: "line\nfeed")
    let target = try await looking(at: repository) { try $0.target(ofLink: link) }
    #expect(target == "line\nfeed", "*.txt eol=crlf is for files")
  }

  @Test func aCircleOfLinksTodayHidesNoDirectoryOfThen() async throws {
    let repository = try await RandomRepository(seed: 0)
    let directory = repository.top / "d"
    try repository.write("d/file", "x")
    let names = try await looking(at: repository) {
      try Self.files.removeTree(directory)
      try Self.files.createLink(directory, to: "d")
    } _: {
      try $0.entries(of: directory).map(\.name)
    }
    #expect(names == ["file"])
  }
}
