import HostSystem
import ImageModel
import TestSupport
import Testing

/// A git repository with everything that git keeps, in a directory of its own, and random commits.
struct RandomRepository {
  let directory: TemporaryDirectory
  let top: FilePath
  var random: SeededGenerator
  private let files = PosixFileSystem()

  private static let names: [FilePath] = [
    "a", "b.txt", "c.id", "d e", "n\nl", "ü", "-n", ".h", "sub", "lib", FilePath(bytes: [0x78, 0xFF]), "\"q\"", "t\tb",
  ]

  init(seed: Int, format: String = "sha1") async throws {
    directory = try TemporaryDirectory()
    top = directory / "work"
    random = SeededGenerator(seed: seed)
    try files.createDirectory(top)
    try await git("init", "-q", "-b", "main", "--object-format=\(format)")
    try write(".gitattributes", "*.txt eol=crlf\n*.id ident\n")
    try write(".gitignore", "ignored*\n")
  }

  static var environment: [String: String] {
    var environment = ProcessEnvironment.current
    for (name, value) in [("NAME", "t"), ("EMAIL", "t@t")] {
      environment["GIT_AUTHOR_\(name)"] = value
      environment["GIT_COMMITTER_\(name)"] = value
    }
    // Submodules of this machine.
    environment["GIT_CONFIG_COUNT"] = "1"
    environment["GIT_CONFIG_KEY_0"] = "protocol.file.allow"
    environment["GIT_CONFIG_VALUE_0"] = "always"
    return environment
  }

  @discardableResult
  func git(_ words: String..., in place: FilePath? = nil) async throws -> String {
    let result = try await PosixProcessRunner().capture(
      ProcessCommand(["git"] + words, environment: Self.environment, directory: place ?? top))
    try #require(result.status.isSuccess, "git \(words): \(String(decoding: result.errorOutput, as: UTF8.self))")
    return String(decoding: result.output, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
  }

  func write(_ path: FilePath, _ text: String, mode: UInt16 = 0o644) throws {
    try files.createDirectory((top / path).parent)
    try files.replace(top / path, with: Array(text.utf8), mode: mode)
  }

  /// Commits all that is there.
  func commit() async throws -> String {
    try await git("add", "-A")
    try await git("commit", "-q", "--allow-empty", "-m", "x")
    return try await git("rev-parse", "HEAD")
  }

  /// A path of up to three names, at which anything or nothing may lie.
  mutating func path() -> FilePath {
    (0..<Int.random(in: 1...3, using: &random)).reduce(FilePath("")) { path, _ in
      path / (Self.names.randomElement(using: &random) ?? "a")
    }
  }

  mutating func edit(_ count: Int) throws {
    for _ in 0..<count {
      let path = path()
      try? files.removeTree(top / path)
      guard !random.once(in: 4), (try? files.createDirectory((top / path).parent)) != nil else { continue }
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1, 2:
        let text = (0..<Int.random(in: 0..<4, using: &random)).map { _ in "\(random.next() % 100) $Id$\n" }.joined()
        try files.replace(top / path, with: Array(text.utf8), mode: [0o644, 0o755].randomElement(using: &random) ?? 0)
      case 3: try files.replace(top / path, with: random.bytes(300), mode: 0o644)
      default:
        let target: FilePath =
          ["..", ".", "a", "../a", "lib/sub", "../../lib", "none", "/etc/hostname"]
          .randomElement(using: &random) ?? "a"
        try files.createLink(top / path, to: random.once(in: 2) ? target : self.path())
      }
    }
  }

  /// The files of a commit as git writes them, in a directory beside the top.
  func checkOut(_ commit: String) async throws -> FilePath {
    let place = directory / FilePath("at-\(commit)")
    try await git("worktree", "add", "-q", "--detach", place.description, commit)
    return place
  }
}
