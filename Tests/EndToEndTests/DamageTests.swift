import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// Files of coppice's own that somebody or something damaged: told or mended, and never believed.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct DamageTests {
  private static let names = ["base", "python", "science", "tools"]

  private func tree() async throws -> Repository {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("all")
    return tree
  }

  private func paths(_ tree: Repository, _ directory: FilePath) throws -> [FilePath] {
    try Laboratory.files.entries(of: tree.directory / directory).flatMap { entry in
      entry.status.kind == .directory
        ? try paths(tree, directory / entry.name) : [directory / entry.name]
    }
  }

  private func damage(_ tree: Repository, _ path: FilePath, _ bytes: [UInt8]) throws {
    try Laboratory.files.replace(tree.directory / path, with: bytes, mode: 0o644)
  }

  /// After any damage: no command ends by a signal or with something that only a programmer understands.
  private func expectCalm(_ tree: Repository, _ what: String) async throws {
    for command in [["status"], ["list"], ["explain", "tools"], ["history"], ["graph"], ["gc", "--dry-run"]] {
      let run = try await tree.coppice(command)
      #expect([0, 1, 2].contains(run.exitCode), "\(what): \(command) \(run.all)")
      if run.exitCode != 0 { #expect(run.errorOutput.contains("help: "), "\(what): \(command) \(run.all)") }
    }
  }

  /// A change that needs what was damaged, then everything.
  private func expectRecovery(_ tree: Repository, _ what: String) async throws {
    try tree.defineTools("RUN echo '\(what)' > /tools")
    let run = try await tree.coppice("build", "all")
    #expect(run.exitCode == 0, "\(what): \(run.all)")
    // What no build needs any more is found, and put aside, by `verify` alone.
    if what.hasPrefix("blobs") { _ = try await tree.coppice("verify") }
    try await tree.expectEverythingIsWell()
    #expect(try await tree.file("tools", inImage: "tools:1") == what + "\n")
    let again = try await tree.coppice("build", "all")
    #expect(again.exitCode == 0 && again.errorOutput.isEmpty, "\(what): \(again.all)")
    #expect(again.output.contains("nothing to build"), "\(what): \(again.all)")
  }

  @Test func aNameThatIsTakenAwayComesBackThoughNothingElseHasChanged() async throws {
    let tree = try await tree()
    // Until what was written is old enough to be trusted, every build looks at the names anyway.
    try await Task.sleep(for: .milliseconds(2200))
    func build() async throws {
      let run = try await tree.coppice("build", "all")
      #expect(run.exitCode == 0 && run.output.contains("nothing to build"), "\(run.all)")
    }
    for _ in 0..<2 { try await build() }
    let index = tree.directory / ".coppice/store/index.json"
    let names = try Laboratory.files.contents(of: index, limit: 1 << 20)
    try Laboratory.files.replace(index, with: Array(#"{"schemaVersion":2,"manifests":[]}"#.utf8), mode: 0o644)
    try await build()
    #expect(try Laboratory.files.contents(of: index, limit: 1 << 20) == names)
  }

  @Test func aDamagedStoreIsMended() async throws {
    let tree = try await tree()
    var random = SeededGenerator(seed: 7)
    let blobs: FilePath = ".coppice/store/blobs/sha256"
    let cases: [(what: String, paths: (Repository) throws -> [FilePath], change: (FilePath) throws -> Void)] = [
      ("blobs cut off", { try paths($0, blobs) }, { try damage(tree, $0, [1, 2, 3]) }),
      ("blobs removed", { try paths($0, blobs) }, { try Laboratory.files.remove(tree.directory / $0) }),
      ("index.json garbage", { _ in [".coppice/store/index.json"] }, { try damage(tree, $0, Array("garbage".utf8)) }),
      (
        "index.json of another kind", { _ in [".coppice/store/index.json"] },
        { try damage(tree, $0, Array("[1]".utf8)) }
      ),
      ("index.json empty", { _ in [".coppice/store/index.json"] }, { try damage(tree, $0, []) }),
      (
        "index.json removed", { _ in [".coppice/store/index.json"] },
        { try Laboratory.files.remove(tree.directory / $0) }
      ),
      (
        "oci-layout removed", { _ in [".coppice/store/oci-layout"] },
        { try Laboratory.files.remove(tree.directory / $0) }
      ),
    ]
    for (what, places, change) in cases {
      for path in try places(tree) { try change(path) }
      try await expectCalm(tree, what)
      try await expectRecovery(tree, what)
    }
    for directory in ["fingerprints", "layers", "images", "roots"] {
      let places = try paths(tree, ".coppice/store/coppice" / FilePath(directory))
      #expect(!places.isEmpty, "\(directory)")
      for path in places {
        var bytes = Array(try tree.directory.text(path).utf8)
        switch random.next() % 3 {
        case 0: bytes = random.bytes(bytes.count)
        case 1: bytes.removeLast(bytes.count / 2)
        default: bytes[Int(random.next() % UInt64(bytes.count))] ^= 1
        }
        try damage(tree, path, bytes)
      }
      try await expectCalm(tree, directory)
      try await expectRecovery(tree, directory)
    }
  }

  @Test func aLockfileWithAConflictCostsOnlyWhatIsInIt() async throws {
    let tree = try await tree()
    let good = try tree.lockfile()
    let dockerfile = try tree.directory.text("share/docker/tools/1/Dockerfile")
    try tree.defineTools("RUN echo theirs > /tools")
    try await tree.build("tools")
    let theirs = try tree.lockfile()
    try tree.write("share/docker/tools/1/Dockerfile", dockerfile)
    // The last block of each, which both branches built.
    func cut(_ text: String) throws -> String.Index {
      try #require(text.firstRange(of: "  docker/tools:1:\n")).lowerBound
    }
    let (mine, other) = (try cut(good), try cut(theirs))
    let line = good[..<mine].split(separator: "\n", omittingEmptySubsequences: false).count
    let conflict = "<<<<<<< ours\n\(good[mine...])=======\n\(theirs[other...])>>>>>>> theirs\n"
    try tree.write("coppice.lock", String(good[..<mine]) + conflict)
    let status = try await tree.coppice("status")
    #expect(status.exitCode == 0)
    let warning = "coppice.lock:\(line): warning: a merge conflict: docker/tools:1 counts as never built"
    #expect(status.errorOutput.contains(warning), "\(status.all)")
    #expect(
      try await tree.states() == [
        "docker/base:1": "current", "docker/python:1": "current", "docker/science:1": "current",
        "docker/tools:1": "stale",
      ])
    #expect(try await tree.build("all") == ["docker/tools:1 restored"])
    #expect(try tree.lockfile() == good)
  }

  @Test(arguments: ["coppice.lock", ".coppice/local.lock"] as [FilePath])
  func aDamagedLockfileIsToldOnceAndWrittenAnew(path: FilePath) async throws {
    let tree = try await tree()
    let good = try tree.lockfile()
    var random = SeededGenerator(seed: 11)
    let half = Array(good.utf8).count / 2
    for bytes in [random.bytes(5000), Array("{[}\n\t: : :\nmore\n".utf8), Array(Array(good.utf8)[..<half])] {
      if path != "coppice.lock" && bytes.count == half { continue }
      try damage(tree, path, bytes)
      let status = try await tree.coppice("status")
      #expect(status.exitCode == 0, "\(status.all)")
      #expect(status.errorOutput.contains("\(path):"), "\(status.all)")
      #expect(status.errorOutput.contains("help: `coppice build` writes it anew"), "\(status.all)")
      #expect(status.errorOutput.split(separator: "\n").count <= 4, "\(status.all)")
      let ran = try await tree.build("all")
      #expect(ran.allSatisfy { $0.hasSuffix(" restored") }, "\(ran)")
      #expect(try tree.lockfile() == good)
      let again = try await tree.coppice("status")
      #expect(again.errorOutput.isEmpty, "\(again.all)")
    }
  }

  @Test func aLockfileOfALaterVersionIsLeftAlone() async throws {
    let tree = try await tree()
    let later = try tree.lockfile().replacing("coppice-lock: 1", with: "coppice-lock: 2")
    try tree.write("coppice.lock", later)
    for command in [["status"], ["build", "all"], ["verify"], ["gc"], ["explain", "base"]] {
      let run = try await tree.coppice(command)
      #expect(run.exitCode == 1, "\(command): \(run.all)")
      #expect(run.errorOutput.contains("coppice.lock:2: error: the lockfile has format 2"), "\(run.all)")
      #expect(run.errorOutput.contains("help: use the coppice that wrote it"), "\(run.all)")
    }
    #expect(try tree.lockfile() == later)
  }

  @Test func damagedCachesAndJournalsCostTimeOnly() async throws {
    let tree = try await tree()
    var random = SeededGenerator(seed: 13)
    for name in ["index", "journal", "engine", "lock", "lock.holder"] {
      for round in 0..<2 {
        let path = FilePath(".coppice") / FilePath(name)
        let bytes = (try? Laboratory.files.contents(of: tree.directory / path, limit: 1 << 24)) ?? []
        try damage(tree, path, round == 0 ? random.bytes(5000) : bytes.dropLast(7))
        try await expectCalm(tree, name)
        #expect(try await tree.build("all") == [], "\(name)")
        #expect(try await tree.states().values.allSatisfy { $0 == "current" }, "\(name)")
        try await expectRecovery(tree, "\(name) \(round)")
        let history = try await tree.coppice("history")
        #expect(history.output.contains("docker/tools:1"), "\(name): \(history.all)")
      }
    }
    try await tree.expectEverythingIsWell()
  }

  @Test func somethingElseWhereAFileShouldLieIsTold() async throws {
    let tree = try await tree()
    for name in ["coppice.lock", ".coppice/store", ".coppice/tmp", ".coppice/logs", ".coppice/journal"] as [FilePath] {
      let (path, aside) = (tree.directory / name, tree.directory / "aside")
      try Laboratory.files.rename(path, to: aside)
      if try Laboratory.files.status(of: aside, followingLinks: false).kind == .directory {
        try tree.write(name, "a file\n")
      } else {
        try Laboratory.files.createDirectory(path)
      }
      try tree.defineTools("RUN echo '\(name)' > /tools")
      let run = try await tree.coppice("build", "all")
      #expect(run.exitCode == 1, "\(name): \(run.all)")
      #expect(run.errorOutput.contains(name.description), "\(name): \(run.all)")
      #expect(run.errorOutput.contains("help: something else lies there; move it away"), "\(name): \(run.all)")
      try Laboratory.files.removeTree(path)
      try Laboratory.files.rename(aside, to: path)
    }
    try await expectRecovery(tree, "after all")
  }
}
