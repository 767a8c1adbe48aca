import FileTraces
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Questions as text, with the answers that a file system gives now.
struct Interview: Sendable {
  enum Question: Sendable { case status, followed, entries, names, contents, digest, target, resolved }

  var questions: [(question: Question, path: FilePath)]

  init(seed: Int, root: FilePath) {
    var random = SeededGenerator(seed: seed)
    let all: [Question] = [.status, .followed, .entries, .names, .contents, .digest, .target, .resolved]
    questions = (0..<Int.random(in: 1...12, using: &random)).map { _ in
      (all.randomElement(using: &random) ?? .status, Self.path(&random, below: root))
    }
  }

  /// A name of the small tree that edits play in; many do not exist.
  static func path(_ random: inout SeededGenerator, below root: FilePath) -> FilePath {
    let names: [FilePath] = ["a", "b", "link", "d", "d/a", "d/b", "d/e", "d/e/a", "d/link", "none/a", "d/e/none"]
    return root / (names.randomElement(using: &random) ?? "a")
  }

  func answers(of files: any FileSystem) -> [String] {
    questions.map { question, path in
      do {
        switch question {
        case .status: return "\(try files.status(of: path, followingLinks: false))"
        case .followed: return "\(try files.status(of: path, followingLinks: true))"
        case .entries: return "\(try files.entries(of: path))"
        case .names: return "\(try files.names(of: path))"
        case .contents: return "\(try files.contents(of: path, limit: 1000))"
        case .digest: return "\(try files.digest(of: path))"
        case .target: return "\(try files.target(ofLink: path))"
        case .resolved: return "\(try files.resolved(path))"
        }
      } catch {
        let reason = (error as? FileSystemError)?.reason ?? .other(0)
        // What leads nowhere leads nowhere.
        return question == .resolved && reason == .notADirectory ? "\(FileSystemError.Reason.notFound)" : "\(reason)"
      }
    }
  }
}

struct FileTraceTests {
  /// One random change; the size of a file stays, as often as not.
  private func edit(_ disk: Disk, _ random: inout SeededGenerator) throws {
    let path = Interview.path(&random, below: disk.root)
    let files = disk.fileSystem
    switch Int.random(in: 0..<8, using: &random) {
    case 0, 1:
      try files.createDirectory(path.parent)
      if (try? files.status(of: path, followingLinks: true))?.kind != .directory {
        try files.replace(path, with: Array("text\(Int.random(in: 0...9, using: &random))".utf8), mode: 0o644)
      }
    case 2: try files.removeTree(path)
    case 3: try files.createDirectory(path)
    case 4:
      try files.removeTree(path)
      try files.createDirectory(path.parent)
      try files.createLink(path, to: ["a", "d", "../a", "b", "none"].randomElement(using: &random) ?? "a")
    case 5 where try files.statusIfPresent(of: path, followingLinks: true) != nil:
      try files.setMode(random.once(in: 2) ? 0o755 : 0o700, of: path)
    case 6 where try files.statusIfPresent(of: path) != nil:
      try files.setModified(Int.random(in: 1...5, using: &random), of: path)
    default: break
    }
  }

  @Test(arguments: DiskKind.allCases)
  func aTraceHoldsOnlyWhileEveryAnswerIsTheSame(kind: DiskKind) throws {
    var (held, changed) = (0, 0)
    for seed in Soak.seeds(kind == .real ? 40 : 1_500) {
      let disk = try kind.make()
      var random = SeededGenerator(seed: seed)
      for _ in 0..<12 { try? edit(disk, &random) }
      let interview = Interview(seed: seed, root: disk.root)
      disk.tick()
      let tracing = TracingFileSystem(disk.fileSystem, olderThan: .max)
      let before = interview.answers(of: tracing)
      #expect(before == interview.answers(of: disk.fileSystem))
      disk.tick()
      for _ in 0..<Int.random(in: 0...2, using: &random) { try? edit(disk, &random) }
      guard let bytes = tracing.trace else { continue }
      let trace = try #require(FileTrace(bytes))
      let after = interview.answers(of: disk.fileSystem)
      let check = disk.fileSystem.check([trace, trace])
      #expect(check[0] == check[1])
      if check[0].holds { held += 1 } else { changed += 1 }
      if check[0].holds { #expect(before == after, "seed \(seed)") }
    }
    #expect(held > changed / 10 && changed > held / 10, "the edits test both: \(held) held, \(changed) changed")
  }

  @Test(arguments: DiskKind.allCases)
  func untouchedFilesKeepTheirTrace(kind: DiskKind) throws {
    for seed in Soak.seeds(kind == .real ? 20 : 300) {
      let disk = try kind.make()
      var random = SeededGenerator(seed: seed)
      for _ in 0..<12 { try? edit(disk, &random) }
      let interview = Interview(seed: seed, root: disk.root)
      let tracing = TracingFileSystem(disk.fileSystem, olderThan: .max)
      _ = interview.answers(of: tracing)
      disk.tick()
      try disk.write("elsewhere/file", "new")
      guard let bytes = tracing.trace else { continue }
      let trace = try #require(FileTrace(bytes))
      #expect(disk.fileSystem.check([trace])[0].holds, "seed \(seed)")
    }
  }

  @Test(arguments: DiskKind.allCases) func aCircleOfLinksIsAnotherAnswerThanNothing(kind: DiskKind) throws {
    let disk = try kind.make()
    let tracing = TracingFileSystem(disk.fileSystem, olderThan: .max)
    _ = try? tracing.resolved(disk.root / "a")
    let trace = try #require(tracing.trace.flatMap { FileTrace($0) })
    #expect(disk.fileSystem.check([trace])[0].holds)
    try disk.fileSystem.createLink(disk.root / "a", to: "a")
    #expect(!disk.fileSystem.check([trace])[0].holds)
  }

  @Test func whatIsTooYoungIsNotTrusted() throws {
    let disk = InMemoryFileSystem()
    disk.write("file", "one")
    let tracing = TracingFileSystem(disk, olderThan: disk.now)
    _ = try tracing.contents(of: disk.root / "file", limit: 100)
    // The same size within the same tick: no stamp tells.
    disk.write("file", "two")
    let trace = try #require(tracing.trace.flatMap { FileTrace($0) })
    #expect(!disk.check([trace])[0].holds)
  }

  @Test func aChangeMakesATraceIncomplete() throws {
    let disk = InMemoryFileSystem()
    let tracing = TracingFileSystem(disk, olderThan: .max)
    try tracing.createDirectory(disk.root / "new")
    #expect(tracing.trace == nil)
  }

  @Test func aFileThatMovesWhileItIsAskedForMakesATraceIncomplete() throws {
    let disk = InMemoryFileSystem()
    disk.write("file", "one")
    let tracing = TracingFileSystem(disk, olderThan: .max)
    _ = try tracing.contents(of: disk.root / "file", limit: 100)
    disk.tick()
    disk.write("file", "two")
    _ = try tracing.contents(of: disk.root / "file", limit: 100)
    #expect(tracing.trace == nil)
  }

  @Test func damagedBytesAreNoTraceOrOneThatCanBeRead() throws {
    let disk = InMemoryFileSystem()
    disk.write(["a": "1", "d/b": "2", "d/c": "3"])
    disk.link("link", to: "d")
    let tracing = TracingFileSystem(disk, olderThan: .max)
    _ = try tracing.entries(of: disk.root)
    _ = try tracing.entries(of: disk.root / "d")
    _ = try tracing.resolved(disk.root / "link/b")
    let bytes = try #require(tracing.trace)
    for count in 0..<bytes.count { #expect(FileTrace(Array(bytes[..<count])) == nil) }
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        if let trace = FileTrace(damaged) { _ = disk.check([trace]) }
      }
    }
  }
}
