package import HostSystem
package import ImageModel

/// Keeps what was computed from files, each value with its trace, in one file: a cache, never the truth.
///
/// The file is a list of checksummed records to which later ones are appended; of one subject the last counts. A torn
/// or damaged record is as good as none.
package struct TraceStore: Sendable {
  /// What was computed, of what.
  package struct Question: Hashable, Sendable {
    /// A later value of the same subject replaces the earlier.
    package var subject: Digest
    /// Everything but files that the value depends on.
    package var key: Digest

    package init(_ subject: String, key: Digest) {
      self.subject = Digest.sha256(subject)
      self.key = key
    }
  }

  package enum Answer: Sendable {
    case unknown
    /// Nothing that the value was made from has changed.
    case holds(TraceRecord)
    /// The value of another key, or of files as they were.
    case outdated(TraceRecord)
  }

  static let magic = Array("coppice-index 3\n".utf8)

  private var records: [Digest: TraceRecord] = [:]
  private var added: [Digest] = []
  /// Subjects that were asked about, or added.
  private var used: Set<Digest> = []
  /// Bytes of the file that some record needs, and all.
  private var size = 0
  private var isBroken = false

  package init() {}

  /// Reads the file; a missing, damaged or foreign one gives what can be had of it.
  package init(reading path: FilePath, from files: any FileSystem) {
    guard let bytes = try? files.mapped(path), bytes.count >= Self.magic.count,
      bytes[0..<Self.magic.count].elementsEqual(Self.magic)
    else {
      isBroken = true
      return
    }
    var position = Self.magic.count
    while let record = TraceRecord(bytes, at: position) {
      records[record.subject] = record
      position = record.end
    }
    size = bytes.count
    isBroken = position != bytes.count
  }

  package var isChanged: Bool { !added.isEmpty }

  /// Looks at all files that the values rest on, in one call.
  package mutating func answers(to questions: [Question], in files: any FileSystem) -> [Answer] {
    var answers = [Answer](repeating: .unknown, count: questions.count)
    var asked: [(question: Int, record: TraceRecord)] = []
    for (index, question) in questions.enumerated() {
      used.insert(question.subject)
      guard let record = records[question.subject] else { continue }
      answers[index] = .outdated(record)
      if record.key == question.key { asked.append((index, record)) }
    }
    let traces = TraceRecord.traces(of: asked.map(\.record))
    var candidates: [(question: Int, record: TraceRecord)] = []
    var sound: [FileTrace] = []
    for (index, trace) in traces.enumerated() {
      guard let trace else {
        answers[asked[index].question] = .unknown
        continue
      }
      candidates.append(asked[index])
      sound.append(trace)
    }
    for (candidate, check) in zip(candidates, files.check(sound)) where check.holds {
      answers[candidate.question] = .holds(candidate.record)
    }
    return answers
  }

  /// The last value of a subject, whatever has changed since.
  package func record(of question: Question) -> TraceRecord? { records[question.subject] }

  /// The last value of a subject, whatever files have changed since; nil when it is that of another key.
  package func recordOfSameKey(as question: Question) -> TraceRecord? {
    record(of: question).flatMap { $0.key == question.key ? $0 : nil }
  }

  /// Keeps a value for the next time.
  package mutating func insert(_ value: [UInt8], for question: Question, trace: [UInt8]) {
    guard let record = TraceRecord(question, value: value, trace: trace) else { return }
    records[question.subject] = record
    used.insert(question.subject)
    added.append(question.subject)
  }

  /// Writes what was added; the whole file anew when more than half of it is waste.
  package mutating func write(to path: FilePath, in files: any FileSystem) throws(FileSystemError) {
    guard isChanged else { return }
    // What was not asked for in a run that asked for most will not be asked for soon.
    if used.count * 2 > records.count { records = records.filter { used.contains($0.key) } }
    let live = records.values.reduce(0) { $0 + $1.size }
    let new = Set(added).compactMap { records[$0] }
    if isBroken || size == 0 || (size + new.reduce(0) { $0 + $1.size }) > 2 * live + (1 << 20) {
      var bytes = Self.magic
      bytes.reserveCapacity(live + Self.magic.count)
      for record in records.values.sorted(by: { $0.subject < $1.subject }) { record.append(to: &bytes) }
      // It holds values of definitions, which may be for their owner alone.
      try files.replaceUnsynced(path, with: bytes, mode: 0o600)
      size = bytes.count
      isBroken = false
    } else {
      var bytes: [UInt8] = []
      for record in new { record.append(to: &bytes) }
      try files.appendUnsynced(bytes, to: path)
      size += bytes.count
    }
    added = []
  }
}
