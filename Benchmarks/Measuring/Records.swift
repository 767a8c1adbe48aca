internal import BuildEngine
internal import BuildRecords
internal import HostSystem
internal import ImageModel

/// A lockfile of 10,000 artifacts and a journal of 100,000 entries, and all that a build which runs one step does to them.
struct Records {
  private static let artifacts = 10_000
  private static let entries = 100_000

  private let directory: FilePath
  private let files = PosixFileSystem()

  init(_ directory: FilePath) { self.directory = directory }

  private var journal: Journal { Journal(path: directory / "journal", files: files) }

  private func ledger() throws -> Ledger {
    try Ledger.open(
      lock: directory / "coppice.lock", local: directory / "local.lock", outside: [], files: files
    ).0
  }

  func measure() throws {
    if try files.statusIfPresent(of: directory / "complete") == nil { try make() }
    let clock = ContinuousClock()
    let all = clock.now
    var last = all
    func lap(_ what: String) {
      let now = clock.now
      Measure.tell(what, last.duration(to: now))
      last = now
    }
    let number = try journal.lastBuild() + 1
    lap("last-build")
    var ledger = try ledger()
    lap("open")
    let id = Self.id(Self.artifacts / 2)
    let durations = Durations(of: [id], in: journal)
    lap("durations")
    var record = Self.record(number)
    record.generation = number
    try journal.append(Self.entry(build: number, id, record))
    try journal.sync()
    lap("journal")
    ledger[id] = record
    try ledger.write()
    lap("lockfile")
    try journal.compact()
    lap("compact")
    Measure.tell("all", all.duration(to: clock.now))
    guard durations[id] != nil, ledger.lockfile.records.count == Self.artifacts else {
      throw Failure("the records are not those that were made")
    }
  }

  private func make() throws {
    try files.createDirectory(directory)
    var ledger = try ledger()
    for index in 0..<Self.artifacts { ledger[Self.id(index)] = Self.record(index) }
    ledger[pin: .init(reference: "docker.io/library/debian:12", platform: .host)] = PinnedBase(digest: .sha256("12"))
    try ledger.write()
    for index in 0..<Self.entries {
      try journal.append(Self.entry(build: index / 100 + 1, Self.id(index % Self.artifacts), Self.record(index)))
    }
    try journal.sync()
    try files.replace(directory / "complete", with: [], mode: 0o644)
  }

  private static func id(_ index: Int) -> ArtifactID {
    ArtifactID(kind: .docker, name: "image\(index + 100_000)", tag: "debian-12")
  }

  private static func record(_ seed: Int) -> BuildRecord {
    func digest(_ what: String) -> Digest { .sha256("\(what) \(seed)") }
    return BuildRecord(
      fingerprint: Fingerprint(digest("list")),
      groups: [.recipe: digest("recipe"), .dockerfile: digest("lines"), .argument: digest("a"), .context: digest("f")],
      bases: ["docker.io/library/debian:12": digest("base")], upstreams: [id(seed / 10): digest("upstream")],
      output: ArtifactOutput(
        digest: digest("config"), content: digest("content"), manifest: digest("manifest"), index: digest("index"),
        size: 123_456_789))
  }

  private static func entry(build: Int, _ id: ArtifactID, _ record: BuildRecord) -> JournalEntry {
    let change = InputChange(
      .context, .modified, "files/more/file.txt", before: "file 0644 \(record.output.digest)",
      after: "file 0644 \(record.fingerprint)")
    var entry = JournalEntry(
      build: build, id: id, time: 1_700_000_000 + build, milliseconds: 12_345, outcome: "built",
      reasons: [.inputsChanged([change])], fingerprint: record.fingerprint, previous: record.fingerprint,
      output: record.output.digest, log: "\(build)-image.log")
    entry.fileLists = [record.groups[.context], record.output.content].compactMap(\.self)
    return entry
  }
}
