import HostSystem
import ImageModel
import JSONText
import TestSupport
import YAMLText

@testable import BuildRecords
import FileTraces

extension FuzzTarget {
  /// With an even first byte every checksum is made right, so that the text below it is read, too.
  static let lockfile = FuzzTarget("lockfile", share: 8) { bytes in
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    let signed = bytes.first?.isMultiple(of: 2) ?? true ? signing(text) : text
    guard let (lockfile, _) = try? LockfileReader.read(signed, file: "l") else { return }
    let written = LockfileWriter.text(lockfile)
    let (again, faults) = try LockfileReader.read(written, file: "l")
    try require(faults.isEmpty, "what was written is refused: \(faults.map(\.message)) \(written)")
    try require(again == lockfile, "what was written is read as something else: \(written)")
    try require(LockfileWriter.text(again) == written, "writing twice gives two texts")
    try checkDamage(lockfile, written, seed: Digest.sha256(bytes).bytes)
  }

  /// One byte of one block changes: every other block stays as it is.
  private static func checkDamage(_ lockfile: Lockfile, _ written: String, seed: [UInt8]) throws {
    var bytes = Array(written.utf8)
    let starts = blocks(of: bytes)
    guard !starts.isEmpty else { return }
    let place = starts[0] + (Int(seed[0]) << 16 | Int(seed[1]) << 8 | Int(seed[2])) % (bytes.count - starts[0])
    guard let start = starts.last(where: { $0 <= place }) else { return }
    // The line feed at the end is where the next block begins.
    let end = (starts.first { $0 > place } ?? bytes.count) - 1
    if place == end { return }
    let name = String(decoding: bytes[start..<end].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    bytes[place] = bytes[place] == seed[3] ? seed[3] ^ 1 : seed[3]
    let text = String(decoding: bytes, as: UTF8.self)
    guard let (again, _) = try? LockfileReader.read(text, file: "l") else { return }
    try require(again.records.allSatisfy { lockfile.records[$0.key] == $0.value }, "damage makes a record: \(text)")
    try require(again.pins.allSatisfy { lockfile.pins[$0.key] == $0.value }, "damage makes a pin: \(text)")
    let lost = lockfile.records.keys.filter { again.records[$0] == nil }.map { "\(YAMLKey.line($0.description))" }
    let lostPins = Set(lockfile.pins.keys.filter { again.pins[$0] == nil }.map { YAMLKey.line($0.reference) })
    // Between the blocks of both kinds stands a line of its own.
    if name.hasPrefix("artifacts:") { return }
    try require(
      Set(lost).union(lostPins).subtracting([name]).isEmpty, "damage of \(name) costs \(lost) \(lostPins): \(text)")
  }

  /// Where the key lines stand, and the line of the section between them.
  private static func blocks(of bytes: [UInt8]) -> [Int] {
    let starts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    return starts.filter { start in
      let line = bytes[start...]
      return line.starts(with: "  ".utf8) && !line.starts(with: "   ".utf8) || line.starts(with: "artifacts:".utf8)
    }
  }

  /// The text with every `check:` made right.
  private static func signing(_ text: String) -> String {
    var (result, block) = ("", "")
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("    check:") {
        result += "    check: \(LockfileWriter.checksum(block))\n"
        block = ""
      } else {
        if !line.hasPrefix("    ") { block = "" }
        block += line + "\n"
        result += line + "\n"
      }
    }
    return result
  }

  /// Whatever the file holds: what it tells of a step is what is there, and what is written is read again.
  static let index = FuzzTarget("index") { bytes in
    let disk = InMemoryFileSystem()
    disk.write("file", "text")
    disk.tick(.seconds(9))
    let question = TraceStore.Question("file", key: .sha256("key"))
    let tracing = TracingFileSystem(disk, olderThan: disk.now)
    let value = try tracing.contents(of: disk.root / "file", limit: 100)
    var index = FileIndex()
    index.traces.insert(value, for: question, trace: tracing.trace ?? [])
    try index.write(to: "a", in: disk)
    let sound = disk.bytes("a") ?? []
    func holds(_ file: [UInt8]) -> Bool {
      disk.write("b", bytes: file)
      var index = FileIndex(TraceStore(reading: "b", from: disk))
      guard case .holds(let record) = index.traces.answers(to: [question], in: disk)[0] else { return false }
      return record.value.elementsEqual(value)
    }
    try require(holds(sound), "what was written is read as something else")
    try require(holds(sound + bytes), "what follows a record hides it")
    if let place = bytes.first.map({ sound.count * Int($0) / 256 }) {
      var damaged = sound
      damaged.replaceSubrange(place..., with: bytes)
      _ = holds(damaged)
    }
    _ = holds(bytes)
    if let trace = FileTrace(bytes) { _ = disk.check([trace]) }
  }

  /// One JSON text a line, as the journal would have written it: what is read is appended and read as the same.
  static let journal = FuzzTarget("journal") { bytes in
    let disk = InMemoryFileSystem()
    disk.write("raw", bytes: bytes)
    _ = try Journal(path: "raw", files: disk).lastBuild()
    try require(try Journal(path: "raw", files: disk).entries().isEmpty || bytes.count > 80, "an entry of nothing")
    let lines = bytes.split(separator: UInt8(ascii: "\n")).map { line -> [UInt8] in
      let text = String(decoding: line, as: UTF8.self)
      return Array("\(LockfileWriter.checksum(text)) \(text)\n".utf8)
    }
    disk.write("1", bytes: Array(lines.joined()))
    var read = try Journal(path: "1", files: disk).entries()
    try require(try Journal(path: "1", files: disk).lastBuild() == read.last?.build ?? 0, "the last build is another")
    // Of a Dockerfile only the name is kept, and of many changes the first: that much is lost once.
    for generation in 2...3 {
      let journal = Journal(path: FilePath("\(generation)"), files: disk)
      for entry in read { try journal.append(entry) }
      let again = try journal.entries()
      try require(again.count == read.count, "\(read.count) entries are read as \(again.count)")
      try require(generation == 2 || again == read, "what was appended is read as something else")
      read = again
    }
  }

  /// What is read of a list of inputs are all of its bytes.
  static let inputs = FuzzTarget("inputs") { bytes in
    let encoded = InputEncoding.header + bytes
    guard let inputs = try? StepInputs(encoded: encoded) else { return }
    try require(inputs.encoded == encoded, "a list is written as something else")
    try require(inputs.fingerprint == Fingerprint(Digest.sha256(encoded)), "the fingerprint is not that of the list")
    let sorted = StepInputs(inputs.inputs)
    try require(try StepInputs(encoded: sorted.encoded) == sorted, "a sorted list is read as something else")
    _ = sorted.groupDigests
    _ = sorted.changes(since: inputs)
  }
}

/// How the lockfile writes the line of a key.
private enum YAMLKey {
  static func line(_ name: String) -> String { "  \(YAMLWriter.scalar(name)):" }
}
