import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

struct LedgerTests {
  private static let (lock, local): (FilePath, FilePath) = ("/repository/coppice.lock", "/repository/local.lock")

  private static func open(
    _ files: InMemoryFileSystem, outside: Set<ArtifactID> = []
  ) throws -> (Ledger, [Diagnostic]) {
    try Ledger.open(lock: lock, local: local, outside: outside, files: files)
  }

  private static func record(_ seed: Int) -> BuildRecord {
    var random = SeededGenerator(seed: seed)
    return RandomRecords.record(&random)
  }

  @Test func recordsComeBackAndAnUnchangedLedgerWritesNothing() throws {
    let files = InMemoryFileSystem()
    var (ledger, _) = try Self.open(files)
    try ledger.write()
    #expect(files.files() == [])
    for word in ["a", "b"] { ledger[TreeText.id(word)] = Self.record(word == "a" ? 1 : 2) }
    try ledger.write()
    files.clearJournal()
    var (again, _) = try Self.open(files)
    #expect(again.lockfile == ledger.lockfile)
    again[TreeText.id("a")] = Self.record(1)
    try again.write()
    try ledger.write()
    #expect(files.isUntouched)
  }

  @Test func artifactsFromOutsideNeverEnterTheCommittedFile() throws {
    let files = InMemoryFileSystem()
    let outside: Set = [TreeText.id("mine")]
    var (ledger, _) = try Self.open(files, outside: outside)
    ledger[TreeText.id("mine")] = Self.record(1)
    ledger[TreeText.id("ours")] = Self.record(2)
    try ledger.write()
    #expect(files.text(Self.lock)?.contains("mine") == false)
    #expect(files.text(Self.local)?.contains("ours") == false)
    let (again, _) = try Self.open(files, outside: outside)
    #expect(again.lockfile == ledger.lockfile)
  }

  @Test func aPinStandsWhereItsUsersAre() throws {
    let files = InMemoryFileSystem()
    let outside: Set = [TreeText.id("mine")]
    var (ledger, _) = try Self.open(files, outside: outside)
    let platform = Platform(os: "linux", architecture: "amd64")
    for (word, bases) in [("mine", ["mine:1", "both:1"]), ("ours", ["ours:1", "both:1"])] {
      var record = Self.record(1)
      record.bases = Dictionary(uniqueKeysWithValues: bases.map { ($0, .sha256($0)) })
      record.upstreams = [:]
      ledger[TreeText.id(word)] = record
      for base in bases { ledger[pin: .init(reference: base, platform: platform)] = PinnedBase(digest: .sha256(base)) }
    }
    try ledger.write()
    let committed = try LockfileReader.read(try #require(files.text(Self.lock)), file: Self.lock).0
    let local = try LockfileReader.read(try #require(files.text(Self.local)), file: Self.local).0
    #expect(committed.pins.keys.map(\.reference).sorted() == ["both:1", "ours:1"])
    #expect(local.pins.keys.map(\.reference) == ["mine:1"])
    #expect(try Self.open(files, outside: outside).0.lockfile == ledger.lockfile)
  }

  @Test func aDamagedFileIsWrittenAnew() throws {
    let files = InMemoryFileSystem()
    var (ledger, _) = try Self.open(files)
    for word in ["a", "b"] { ledger[TreeText.id(word)] = Self.record(1) }
    try ledger.write()
    let good = try #require(files.text(Self.lock))
    files.write(Self.lock, good.replacing("  docker/a:1:\n", with: "  docker/a:1:\n    edited: yes\n"))
    var (again, faults) = try Self.open(files)
    #expect(faults.count == 1)
    #expect(again[TreeText.id("a")] == nil)
    again[TreeText.id("a")] = Self.record(1)
    try again.write()
    #expect(files.text(Self.lock) == good)
  }

  @Test func aFileOfALaterVersionIsNotOverwritten() throws {
    let files = InMemoryFileSystem()
    files.write(Self.lock, "coppice-lock: 2\n")
    #expect(throws: Failure.self) { try Self.open(files) }
    #expect(files.text(Self.lock) == "coppice-lock: 2\n")
  }

  @Test func whatTheTreeNoLongerHasIsForgotten() throws {
    var (ledger, _) = try Self.open(InMemoryFileSystem())
    let platform = Platform(os: "linux", architecture: "amd64")
    for word in ["a", "b"] {
      ledger[TreeText.id(word)] = Self.record(1)
      ledger[pin: .init(reference: word, platform: platform)] = PinnedBase(digest: .sha256(word))
    }
    ledger.keep(artifacts: [TreeText.id("a")], bases: ["b"])
    #expect(Array(ledger.lockfile.records.keys) == [TreeText.id("a")])
    #expect(ledger.lockfile.pins.keys.map(\.reference) == ["b"])
  }

  @Test func aKillAtAnyInstantLeavesTheOldFileOrTheNew() throws {
    for count in 0..<8 {
      let files = InMemoryFileSystem()
      var (ledger, _) = try Self.open(files)
      ledger[TreeText.id("a")] = Self.record(1)
      try ledger.write()
      let old = ledger.lockfile
      ledger[TreeText.id("a")] = Self.record(2)
      files.loseDisk(afterChanges: count)
      try? ledger.write()
      files.repair()
      let (again, faults) = try Self.open(files)
      #expect(faults.isEmpty && (again.lockfile == old || again.lockfile == ledger.lockfile))
    }
  }
}
