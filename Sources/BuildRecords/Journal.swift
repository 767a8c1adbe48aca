package import HostSystem
package import ImageModel
internal import JSONText

/// One run of one step, as the journal remembers it.
package struct JournalEntry: Hashable, Sendable {
  /// Counts the invocations of `build` in this repository.
  package var build: Int
  package var id: ArtifactID
  /// Seconds since 1970 at the start.
  package var time: Int
  package var milliseconds: Int
  /// `built`, `unchanged`, `restored`, `failed`.
  package var outcome: String
  package var reasons: [StaleReason]
  /// How many changed inputs the journal does not list, since there were too many.
  package var omitted = 0
  /// Also the digest of the list of inputs in the store.
  package var fingerprint: Fingerprint
  /// What was recorded before, to compare with; nil for a first build.
  package var previous: Fingerprint?
  package var output: Digest?
  /// The lists of files that the lists of inputs name, now and before.
  package var fileLists: [Digest] = []
  /// The name of the file below `.coppice/logs`: a repository may move.
  package var log: String?
  /// The paths in which the output differs from the one before, where they are few.
  package var nearMiss: [String] = []

  package init(
    build: Int, id: ArtifactID, time: Int, milliseconds: Int, outcome: String, reasons: [StaleReason],
    fingerprint: Fingerprint, previous: Fingerprint?, output: Digest?, log: String?
  ) {
    self.build = build
    self.id = id
    self.time = time
    self.milliseconds = milliseconds
    self.outcome = outcome
    self.reasons = reasons
    self.fingerprint = fingerprint
    self.previous = previous
    self.output = output
    self.log = log
  }
}

/// The local, append-only record of every run: one checksummed line each, so that a torn tail costs one entry.
package struct Journal: Sendable {
  private let path: FilePath
  private let files: any FileSystem

  package init(path: FilePath, files: any FileSystem) {
    self.path = path
    self.files = files
  }

  /// All whole entries, oldest first; damaged lines are passed over.
  package func entries() throws(FileSystemError) -> [JournalEntry] {
    guard var lines = try lines() else { return [] }
    var entries: [JournalEntry] = []
    while let line = lines.next() { if let entry = Self.entry(line) { entries.append(entry) } }
    return entries.reversed()
  }

  /// The number of the newest build, 0 when there is none.
  package func lastBuild() throws(FileSystemError) -> Int {
    guard var lines = try lines() else { return 0 }
    while let line = lines.next() { if let entry = Self.entry(line) { return entry.build } }
    return 0
  }

  /// The newest entry of each of `steps` with one of these outcomes; reads back no further than that takes.
  package func newest(
    of steps: some Sequence<ArtifactID>, outcomes: Set<String>
  ) throws(FileSystemError) -> [JournalEntry] {
    var missing = Set(steps.map { Array($0.description.utf8) })
    guard var lines = try lines() else { return [] }
    var found: [JournalEntry] = []
    while !missing.isEmpty, let line = lines.next() {
      // Most lines are of other steps, and need not be parsed.
      if let name = JournalLines.name(in: line), !missing.contains(name) { continue }
      guard let entry = Self.entry(line), outcomes.contains(entry.outcome),
        missing.remove(Array(entry.id.description.utf8)) != nil
      else { continue }
      found.append(entry)
    }
    return found
  }

  /// Appends one entry, which lasts when `sync` returns.
  package func append(_ entry: JournalEntry) throws(FileSystemError) {
    // A torn line before ours must not swallow ours: an empty line is passed over, a joined one would not be.
    try files.appendUnsynced(Array("\n".utf8) + Self.line(of: entry) + Array("\n".utf8), to: path)
  }

  package func sync() throws(FileSystemError) { try files.sync(path) }

  /// Drops the oldest entries when there are more than twice as many as are kept.
  package func compact(keeping count: Int = 50_000) throws(FileSystemError) {
    guard let lines = try lines(), lines.count > 2 * count else { return }
    let all = try entries()
    guard all.count > 2 * count else { return }
    let kept = all.suffix(count).map { Self.line(of: $0) }
    try files.replace(path, with: Array(kept.joined(separator: [UInt8(ascii: "\n")])), mode: 0o644)
  }

  private func lines() throws(FileSystemError) -> JournalLines? { try files.mapped(path).map { JournalLines($0) } }

  private static func line(of entry: JournalEntry) -> [UInt8] {
    var object = JSONObject([
      ("build", .integer(entry.build)), ("id", .string(entry.id.description)), ("time", .integer(entry.time)),
      ("ms", .integer(entry.milliseconds)), ("outcome", .string(entry.outcome)),
      ("reasons", .array(entry.reasons.map { $0.json(limit: 100) })),
      ("fingerprint", .string(entry.fingerprint.description)),
    ])
    if let previous = entry.previous { object["previous"] = .string(previous.description) }
    if let output = entry.output { object["output"] = .string(output.description) }
    if let log = entry.log { object["log"] = .string(log) }
    if !entry.fileLists.isEmpty { object["files"] = .array(entry.fileLists.map { .string($0.description) }) }
    if !entry.nearMiss.isEmpty { object["nearMiss"] = .array(entry.nearMiss.map { .string($0) }) }
    let text = JSONValue.object(object).text
    return Array("\(LockfileWriter.checksum(text)) \(text)".utf8)
  }

  private static func entry(_ line: UnsafeRawBufferPointer) -> JournalEntry? {
    let body = UnsafeRawBufferPointer(rebasing: line.dropFirst(JournalLines.bodyStart))
    guard line.count > JournalLines.bodyStart,
      LockfileWriter.isChecksum(UnsafeRawBufferPointer(rebasing: line.prefix(16)), of: body),
      let json = try? JSONValue(parsing: Array(body)), let build = json["build"]?.integer,
      let id = json["id"]?.string.flatMap({ ArtifactID($0) }), let time = json["time"]?.integer,
      let outcome = json["outcome"]?.string,
      let fingerprint = json["fingerprint"]?.string.flatMap({ Digest($0) })
    else { return nil }
    let reasons = json["reasons"]?.array ?? []
    var entry = JournalEntry(
      build: build, id: id, time: time, milliseconds: json["ms"]?.integer ?? 0, outcome: outcome,
      reasons: reasons.compactMap(StaleReason.init(json:)),
      fingerprint: Fingerprint(fingerprint),
      previous: json["previous"]?.string.flatMap { Digest($0) }.map(Fingerprint.init),
      output: json["output"]?.string.flatMap { Digest($0) }, log: json["log"]?.string)
    entry.fileLists = (json["files"]?.strings ?? []).compactMap { Digest($0) }
    entry.nearMiss = json["nearMiss"]?.strings ?? []
    entry.omitted = reasons.reduce(0) { $0 + ($1["more"]?.integer ?? 0) }
    return entry
  }
}
