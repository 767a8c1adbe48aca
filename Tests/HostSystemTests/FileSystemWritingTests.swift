import Glibc
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Every test runs over the real file system and over its stand-in.
struct FileSystemWritingTests {
  @Test(arguments: DiskKind.allCases)
  func directoriesAreMadeWithTheirParents(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.fileSystem.createDirectory(disk.path("a/b/c"))
    try disk.fileSystem.createDirectory(disk.path("a/b/c"))
    try disk.fileSystem.createDirectory("/")
    try disk.fileSystem.createLink(disk.path("link"), to: "a")
    try disk.fileSystem.createDirectory(disk.path("link/d"))
    #expect(try disk.names("a") == ["b", "d"])
    try disk.write("file", "")
    #expect(disk.reason { try disk.fileSystem.createDirectory(disk.path("file")) } == .exists)
    try disk.fileSystem.createLink(disk.path("dangling"), to: "nowhere")
    #expect(disk.reason { try disk.fileSystem.createDirectory(disk.path("dangling/x")) } != nil)
    try disk.fileSystem.createDirectory(disk.path("slash/es///"))
    #expect(try disk.status("slash/es").kind == .directory)
    #expect(disk.reason { try disk.fileSystem.createDirectory(disk.path("file/x/y")) } == .notADirectory)
  }

  @Test(arguments: DiskKind.allCases)
  func replacingMakesANewFileAndLeavesNothingElse(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("file", "one", mode: 0o600)
    let before = try disk.status("file")
    try disk.write("file", "two!", mode: 0o4755)
    let after = try disk.status("file")
    #expect(try disk.text("file") == "two!")
    #expect(before.inode != after.inode)
    #expect((after.mode, after.size) == (0o4755, 4))
    #expect(try disk.names() == ["file"])
  }

  @Test(arguments: DiskKind.allCases)
  func replacingALinkLeavesItsTargetAlone(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("target", "old")
    try disk.fileSystem.createLink(disk.path("link"), to: "target")
    try disk.write("link", "new")
    #expect(try disk.text("target") == "old")
    #expect(try disk.status("link").kind == .regular)
  }

  @Test(arguments: DiskKind.allCases)
  func aPendingFileShowsUnderItsNameOnlyWhenCommitted(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.fileSystem.createDirectory(disk.path("tmp"))
    let file = try disk.fileSystem.create(in: disk.path("tmp"), mode: 0o644)
    try file.write(Array("hello ".utf8))
    try file.write([])
    try file.write(Array("you".utf8))
    let pending = try disk.names("tmp")
    #expect(pending.count == 1)
    #expect(pending.first?.description.hasPrefix(".coppice-") == true)
    try file.commit(to: disk.path("final"))
    file.discard()
    #expect(try disk.text("final") == "hello you")
    #expect(try disk.names("tmp").isEmpty)
    #expect(disk.reason { try file.write([1]) } == .other(9))
  }

  @Test(arguments: DiskKind.allCases)
  func aPendingFileIsReadWrittenOverAndFilledFromAnother(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("source", "0123456789")
    let source = try disk.fileSystem.openAnywhere(disk.path("source"))
    #expect(source.size == 10)
    #expect(try source.bytes(3..<6) == Array("345".utf8))
    #expect(disk.reason { _ = try source.bytes(8..<12) } == .other(0))
    let file = try disk.fileSystem.create(in: disk.root, mode: 0o755)
    try file.write(Array("....".utf8))
    try file.append(2..<9, of: source)
    try file.write(Array("ab".utf8), at: 1)
    try file.append(0..<0, of: source)
    try file.write(Array("!".utf8))
    #expect(disk.reason { try file.append(9..<11, of: source) } == .other(0))
    #expect(try file.reader().bytes(0..<12) == Array(".ab.2345678!".utf8))
    try file.commit(to: disk.path("final"))
    #expect(try disk.text("final") == ".ab.2345678!9")
    #expect(disk.reason { try file.write([1], at: 0) } == .other(9))
    #expect(disk.reason { _ = try file.reader() } == .other(9))
    #expect(disk.reason { _ = try disk.fileSystem.openAnywhere(disk.root) } == .isADirectory)
  }

  @Test(arguments: DiskKind.allCases)
  func copiesOfLongRangesStayInTheirOrder(kind: DiskKind) throws {
    let disk = try kind.make()
    let text = String(decoding: (0..<3_000_000).map { UInt8(ascii: "a") + UInt8($0 / 1000 % 26) }, as: UTF8.self)
    try disk.write("source", text)
    let source = try disk.fileSystem.openAnywhere(disk.path("source"))
    let file = try disk.fileSystem.create(in: disk.root, mode: 0o644)
    for range in [0..<1_500_000, 1_500_000..<2_999_999] {
      try file.append(range, of: source)
      if range.lowerBound > 0 { try file.write(Array(text.utf8.suffix(1))) }
    }
    file.beginSync()
    try file.append(0..<10, of: source)
    try file.commit(to: disk.path("final"))
    #expect(
      try disk.fileSystem.contents(of: disk.path("final"), limit: 4 << 20) == Array((text + text.prefix(10)).utf8))

    let other = try disk.fileSystem.create(in: disk.root, mode: 0o644)
    try other.append(0..<2_000_000, of: source)
    other.discard()
    #expect(try disk.fileSystem.names(of: disk.root).map(\.name) == ["final", "source"])
  }

  @Test func aCopyThatFailsIsToldByTheNextCall() throws {
    let disk = try DiskKind.real.make()
    try disk.write("source", String(repeating: "x", count: 100_000))
    let source = try disk.fileSystem.openAnywhere(disk.path("source"))
    try #require(truncate(disk.path("source").description, 50_000) == 0)
    let file = try disk.fileSystem.create(in: disk.root, mode: 0o644)
    try file.append(0..<100_000, of: source)
    #expect(disk.reason { try file.commit(to: disk.path("final")) } != nil)
    file.discard()
    #expect(try disk.fileSystem.names(of: disk.root).map(\.name) == ["source"])
  }

  @Test(arguments: DiskKind.allCases)
  func aPendingFileThatIsDroppedLeavesNothing(kind: DiskKind) throws {
    let disk = try kind.make()
    do {
      let file = try disk.fileSystem.create(in: disk.root, mode: 0o644)
      try file.write([1, 2, 3])
    }
    let file = try disk.fileSystem.create(in: disk.root, mode: 0o644)
    #expect(disk.reason { try file.commit(to: disk.path("no/such/directory")) } == .notFound)
    file.discard()
    #expect(try disk.names().isEmpty)
    #expect(disk.reason { _ = try disk.fileSystem.create(in: disk.path("missing"), mode: 0o644) } == .notFound)
  }

  @Test(arguments: DiskKind.allCases)
  func appendingMakesTheFileAndKeepsItsInode(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.fileSystem.append(Array("a\n".utf8), to: disk.path("log"))
    let before = try disk.status("log")
    disk.tick()
    try disk.fileSystem.append(Array("b\n".utf8), to: disk.path("log"))
    let after = try disk.status("log")
    #expect(try disk.text("log") == "a\nb\n")
    #expect(before.inode == after.inode)
    #expect(before.modified < after.modified && before.changed < after.changed)
    #expect(disk.reason { try disk.fileSystem.append([1], to: disk.root) } == .isADirectory)
  }

  @Test(arguments: DiskKind.allCases)
  func everyChangeMovesTheTimesThatLinuxMoves(kind: DiskKind) throws {
    let disk = try kind.make()
    func change(_ name: FilePath, _ body: () throws -> Void) throws -> (FileStatus, FileStatus) {
      let before = try disk.status(name)
      disk.tick()
      try body()
      return (before, try disk.status(name))
    }
    try disk.write("file", "x")
    var (before, after) = try change("file") { try disk.fileSystem.setMode(0o600, of: disk.path("file")) }
    #expect(before.modified == after.modified && before.changed < after.changed && after.mode == 0o600)
    (before, after) = try change("file") { try disk.fileSystem.hardLink(disk.path("twin"), to: disk.path("file")) }
    #expect(before.modified == after.modified && before.changed < after.changed)
    #expect(try disk.status("twin") == after)
    (before, after) = try change("file") { try disk.fileSystem.remove(disk.path("twin")) }
    #expect(before.modified == after.modified && before.changed < after.changed)
    (before, after) = try change(".") { try disk.fileSystem.rename(disk.path("file"), to: disk.path("moved")) }
    #expect(before.modified < after.modified && before.changed < after.changed)
    (before, after) = try change(".") { try disk.fileSystem.setMode(0o644, of: disk.path("moved")) }
    #expect(before == after)
    (before, after) = try change("moved") {
      try disk.fileSystem.append([1], to: disk.path("moved"))
    }
    #expect(before.modified < after.modified && before.inode == after.inode)
  }

  @Test(arguments: DiskKind.allCases)
  func renamingKeepsTheInodeAndFollowsTheRules(kind: DiskKind) throws {
    let disk = try kind.make()
    let files = disk.fileSystem
    try disk.write("a", "a")
    try disk.write("b", "b")
    try disk.write("full/x", "")
    try files.createDirectory(disk.path("empty"))
    let inode = try disk.status("a").inode
    try files.rename(disk.path("a"), to: disk.path("b"))
    #expect(try disk.status("b").inode == inode)
    #expect(try disk.text("b") == "a")
    #expect(disk.reason { try files.rename(disk.path("b"), to: disk.path("empty")) } == .isADirectory)
    #expect(disk.reason { try files.rename(disk.path("empty"), to: disk.path("b")) } == .notADirectory)
    #expect(disk.reason { try files.rename(disk.path("empty"), to: disk.path("full")) } == .notEmpty)
    #expect(disk.reason { try files.rename(disk.path("full"), to: disk.path("full/below")) } == .other(22))
    #expect(disk.reason { try files.rename(disk.path("missing"), to: disk.path("b")) } == .notFound)
    try files.rename(disk.path("full"), to: disk.path("empty"))
    #expect(try disk.names() == ["b", "empty"])
    try files.hardLink(disk.path("c"), to: disk.path("b"))
    try files.rename(disk.path("b"), to: disk.path("c"))
    #expect(try disk.names() == ["b", "c", "empty"], "two names of one file stay")
  }

  @Test(arguments: DiskKind.allCases)
  func linksRefuseTakenNames(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("file", "")
    try disk.fileSystem.createDirectory(disk.path("dir"))
    #expect(disk.reason { try disk.fileSystem.createLink(disk.path("file"), to: "x") } == .exists)
    #expect(disk.reason { try disk.fileSystem.hardLink(disk.path("dir"), to: disk.path("file")) } == .exists)
    #expect(disk.reason { try disk.fileSystem.hardLink(disk.path("x"), to: disk.path("dir")) } == .notPermitted)
    #expect(disk.reason { try disk.fileSystem.hardLink(disk.path("x"), to: disk.path("none")) } == .notFound)
    try disk.fileSystem.createLink(disk.path("link"), to: "nowhere")
    try disk.fileSystem.hardLink(disk.path("twin"), to: disk.path("link"))
    #expect(try disk.fileSystem.target(ofLink: disk.path("twin")) == "nowhere")
  }

  @Test(arguments: DiskKind.allCases)
  func removingToleratesWhatIsMissingAndNeverFollowsLinks(kind: DiskKind) throws {
    let disk = try kind.make()
    try disk.write("keep/file", "x")
    try disk.write("tree/a/b/file", "x")
    try disk.fileSystem.createLink(disk.path("tree/a/out"), to: disk.path("keep"))
    try disk.fileSystem.createLink(disk.path("link"), to: "keep")
    try disk.fileSystem.remove(disk.path("missing"))
    try disk.fileSystem.remove(disk.path("keep/file/below"))
    try disk.fileSystem.removeTree(disk.path("missing/below"))
    #expect(disk.reason { try disk.fileSystem.remove(disk.path("tree")) } == .isADirectory)
    try disk.fileSystem.removeTree(disk.path("tree"))
    try disk.fileSystem.removeTree(disk.path("link/"))
    #expect(try disk.names() == ["keep"])
    #expect(try disk.text("keep/file") == "x")
    try disk.fileSystem.createLink(disk.path("link"), to: "keep")
    for path in ["link/.", "link/..", "keep/.."] as [FilePath] {
      #expect(disk.reason { try disk.fileSystem.removeTree(disk.path(path)) } == .other(22))
    }
    #expect(try disk.text("keep/file") == "x")
    try disk.fileSystem.removeTree(disk.path("keep/file"))
    #expect(try disk.names("keep").isEmpty)
  }

  @Test(arguments: DiskKind.allCases)
  func aLockExcludesUntilItIsGivenBack(kind: DiskKind) throws {
    let disk = try kind.make()
    let first = try disk.fileSystem.lock(disk.path("lock"), waiting: false)
    #expect(first != nil)
    #expect(try disk.fileSystem.lock(disk.path("lock"), waiting: false) == nil)
    #expect(try disk.fileSystem.lock(disk.path("other"), waiting: false) != nil)
    first?.unlock()
    first?.unlock()
    var second = try disk.fileSystem.lock(disk.path("lock"), waiting: false)
    #expect(second != nil)
    second = nil
    #expect(try disk.fileSystem.lock(disk.path("lock"), waiting: true) != nil, "a lock that is dropped is given back")
    #expect(disk.reason { _ = try disk.fileSystem.lock(disk.path("no/lock"), waiting: false) } == .notFound)
  }

  @Test(arguments: DiskKind.allCases)
  func aLockIsWaitedFor(kind: DiskKind) async throws {
    let disk = try kind.make()
    let (fileSystem, path) = (disk.fileSystem, disk.path("lock"))
    let held = Locked(false)
    let first = try fileSystem.lock(path, waiting: false)
    held.withLock { $0 = true }
    async let wasHeld = onBlockingThread {
      let lock = try fileSystem.lock(path, waiting: true)
      defer { lock?.unlock() }
      return held.withLock { $0 }
    }
    try await Task.sleep(for: .milliseconds(50))
    held.withLock { $0 = false }
    first?.unlock()
    #expect(try await wasHeld == false)
  }

  @Test(arguments: DiskKind.allCases)
  func thereIsSomeFreeSpace(kind: DiskKind) throws {
    let disk = try kind.make()
    #expect(try disk.fileSystem.freeSpace(at: disk.root) > 0)
    #expect(disk.reason { _ = try disk.fileSystem.freeSpace(at: disk.path("missing")) } == .notFound)
  }
}
