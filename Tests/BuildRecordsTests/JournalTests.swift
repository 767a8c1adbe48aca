import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

struct JournalTests {
  private static let path: FilePath = "/repository/journal"

  static func reason(_ random: inout SeededGenerator) -> StaleReason {
    let id = RandomRecords.ids.randomElement(using: &random).flatMap { ArtifactID($0) } ?? TreeText.id("a")
    let (from, to) = (RandomRecords.digest(&random), RandomRecords.digest(&random))
    switch Int.random(in: 0..<9, using: &random) {
    case 0: return .neverBuilt
    case 1: return .outputMissing("the blob \"\(random.next())\"\n")
    case 2: return .outputDamaged("é\u{7F}")
    case 3:
      return .inputsChanged([
        InputChange(.context, .added, "d/ü \u{1F600}", after: "file 0644"),
        InputChange(
          .argument, .modified, "JOBS", before: "4", after: "5",
          location: SourceLocation(file: "casa_distro_docker.yaml", line: 3, column: 7)),
        InputChange(
          .dockerfile, .removed, "", before: "RUN\nx",
          location: SourceLocation(file: "Dockerfile", line: 3)),
        InputChange(.context, .removed, "casa_distro_docker.yaml"), InputChange(.recipe, .modified, ""),
      ])
    case 4: return .upstreamWillRebuild(id)
    case 5: return .upstreamChanged(id, from: from, to: to)
    case 6: return .baseMoved("docker.io/library/ubuntu:24.04", from: from, to: to)
    case 7: return .forced("because of \\ \"CVE\"")
    default: return .tooOld(since: 1_700_000_000)
    }
  }

  static func entry(_ random: inout SeededGenerator) -> JournalEntry {
    JournalEntry(
      build: Int.random(in: 0...1_000, using: &random),
      id: RandomRecords.ids.randomElement(using: &random).flatMap { ArtifactID($0) } ?? TreeText.id("a"),
      time: Int.random(in: 0...2_000_000_000, using: &random),
      milliseconds: Int.random(in: 0...1_000_000, using: &random),
      outcome: ["built", "unchanged", "restored", "failed"].randomElement(using: &random) ?? "built",
      reasons: (0..<Int.random(in: 0...3, using: &random)).map { _ in reason(&random) },
      fingerprint: Fingerprint(RandomRecords.digest(&random)),
      previous: random.once(in: 2) ? nil : Fingerprint(RandomRecords.digest(&random)),
      output: random.once(in: 2) ? nil : RandomRecords.digest(&random), log: random.once(in: 2) ? nil : "/l/é.log")
  }

  /// A journal with some entries.
  private static func journal(seed: Int, count: Int = 8) throws -> (Journal, InMemoryFileSystem, [JournalEntry]) {
    var random = SeededGenerator(seed: seed)
    let files = InMemoryFileSystem()
    let journal = Journal(path: path, files: files)
    let entries = (0..<count).map { _ in entry(&random) }
    for entry in entries { try journal.append(entry) }
    return (journal, files, entries)
  }

  @Test func whatIsAppendedIsReadBack() throws {
    for seed in 0..<60 {
      let (journal, _, entries) = try Self.journal(seed: seed)
      #expect(try journal.entries() == entries, "seed \(seed)")
    }
    #expect(try Journal(path: "/repository/none", files: InMemoryFileSystem()).entries() == [])
  }

  @Test func changesThatAreTooManyAreCounted() throws {
    var random = SeededGenerator(seed: 1)
    let journal = Journal(path: Self.path, files: InMemoryFileSystem())
    var entry = Self.entry(&random)
    entry.reasons = [.neverBuilt, .inputsChanged((0..<150).map { InputChange(.context, .added, "f\($0)") })]
    try journal.append(entry)
    let read = try #require(try journal.entries().first)
    #expect(read.omitted == 50)
    #expect(read.reasons == [.neverBuilt, .inputsChanged((0..<100).map { InputChange(.context, .added, "f\($0)") })])
  }

  @Test func everyReasonIsReadBackFromItsJSON() {
    for seed in 0..<200 {
      var random = SeededGenerator(seed: seed)
      let reason = Self.reason(&random)
      #expect(StaleReason(json: reason.json()) == reason, "seed \(seed)")
    }
  }

  @Test func aTornTailCostsTheLastEntryAndNotTheNext() throws {
    for seed in 0..<60 {
      var random = SeededGenerator(seed: seed)
      let (journal, files, entries) = try Self.journal(seed: seed, count: 3)
      let bytes = try #require(files.bytes(Self.path))
      let cut = Int.random(in: 0..<bytes.count, using: &random)
      files.write(Self.path, bytes: Array(bytes[..<cut]))
      let read = try journal.entries()
      #expect(read == Array(entries.prefix(read.count)), "seed \(seed)")
      let next = Self.entry(&random)
      try journal.append(next)
      #expect(try journal.entries() == read + [next], "seed \(seed)")
    }
  }

  @Test func theNewestEntriesOfStepsAreFoundFromTheEnd() throws {
    for seed in 0..<60 {
      var random = SeededGenerator(seed: seed)
      let (journal, files, entries) = try Self.journal(seed: seed, count: 30)
      if random.once(in: 3) { files.write(Self.path, bytes: (files.bytes(Self.path) ?? []) + Array("\ntorn {".utf8)) }
      let ids = Set(RandomRecords.ids.compactMap { ArtifactID($0) }.filter { _ in random.once(in: 2) })
      let outcomes: Set = ["built", "unchanged"]
      var newest: [ArtifactID: JournalEntry] = [:]
      for entry in entries where ids.contains(entry.id) && outcomes.contains(entry.outcome) { newest[entry.id] = entry }
      let found = try journal.newest(of: ids, outcomes: outcomes)
      #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0) }) == newest, "seed \(seed)")
    }
  }

  @Test func everyPlaceOfACutKeepsWhatIsWholeAndTakesTheNext() throws {
    let (journal, files, entries) = try Self.journal(seed: 1, count: 20)
    let bytes = try #require(files.bytes(Self.path))
    var random = SeededGenerator(seed: 2)
    let next = Self.entry(&random)
    // An entry is whole with its last byte, whether or not the line has its end.
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") && $0 > 0 && bytes[$0 - 1] != bytes[$0] }
    for cut in 0...bytes.count {
      files.write(Self.path, bytes: Array(bytes[..<cut]))
      let whole = Array(entries.prefix(ends.count { $0 <= cut }))
      #expect(try journal.entries() == whole, "cut at \(cut)")
      #expect(try journal.lastBuild() == whole.last?.build ?? 0, "cut at \(cut)")
      // Only around the ends, where joining lines could go wrong; elsewhere now and then.
      guard cut % 17 == 0 || ends.contains(where: { abs($0 - cut) < 3 }) else { continue }
      try journal.append(next)
      #expect(try journal.entries() == whole + [next], "cut at \(cut)")
    }
  }

  @Test func flippedBitsCostTheirEntriesAndNoOther() throws {
    let (journal, files, entries) = try Self.journal(seed: 3, count: 20)
    let bytes = try #require(files.bytes(Self.path))
    for seed in Soak.seeds(400) {
      var random = SeededGenerator(seed: seed)
      var damaged = bytes
      var hit = 0
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        hit += 1
      }
      files.write(Self.path, bytes: damaged)
      let read = try journal.entries()
      // Two, where the end between them was hit.
      #expect(read.count >= entries.count - 2 * hit, "seed \(seed)")
      #expect(read.allSatisfy(entries.contains), "seed \(seed)")
      _ = try journal.lastBuild()
      let next = Self.entry(&random)
      try journal.append(next)
      #expect(try journal.entries() == read + [next], "seed \(seed)")
    }
  }

  @Test func aDamagedLineCostsOneEntry() throws {
    for seed in 0..<60 {
      var random = SeededGenerator(seed: seed)
      let (journal, files, entries) = try Self.journal(seed: seed)
      var bytes = try #require(files.bytes(Self.path))
      let lines = bytes.indices.filter { bytes[$0] != UInt8(ascii: "\n") }
      let place = try #require(lines.randomElement(using: &random))
      // The space behind a checksum carries nothing.
      if bytes[place] == UInt8(ascii: " ") { continue }
      bytes[place] ^= 0x80
      files.write(Self.path, bytes: bytes)
      let read = try journal.entries()
      #expect(read.count == entries.count - 1, "seed \(seed)")
      #expect(read.allSatisfy(entries.contains), "seed \(seed)")
    }
  }

  @Test func aLineOfALaterVersionIsPassedOver() throws {
    let (journal, files, entries) = try Self.journal(seed: 1)
    try files.append(Array("\n0123456789abcdef {\"build\":1}\nnonsense\n".utf8), to: Self.path)
    #expect(try journal.entries() == entries)
  }

  @Test func compactingKeepsTheNewest() throws {
    let (journal, files, entries) = try Self.journal(seed: 1, count: 20)
    try journal.compact(keeping: 10)
    #expect(try journal.entries() == entries)
    try journal.compact(keeping: 9)
    #expect(try journal.entries() == Array(entries.suffix(9)))
    var random = SeededGenerator(seed: 5)
    let next = Self.entry(&random)
    try journal.append(next)
    #expect(try journal.entries() == Array(entries.suffix(9)) + [next])
    #expect(files.files(below: "/repository") == ["journal"])
  }
}
