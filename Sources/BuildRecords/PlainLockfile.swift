internal import ImageModel

/// Reads the artifacts of a lockfile that is byte for byte as the writer leaves it: ten thousand in a few milliseconds.
///
/// A checksum that is right says so of each block; at the first thing that is otherwise this gives up, and
/// `LockfileReader`, which tells what is wrong, has its turn.
struct PlainLockfile {
  private let text: UnsafeRawBufferPointer
  private var position = 0
  private var records: [ArtifactID: BuildRecord] = [:]

  /// Nil for anything but a plain lockfile.
  /// - Parameter head: reads all before the artifacts.
  static func read(_ text: UnsafeRawBufferPointer, head: (Substring) -> Lockfile?) -> Lockfile? {
    var reader = PlainLockfile(text: text)
    guard let end = reader.skipHead(),
      var lockfile = head(Substring(decoding: UnsafeRawBufferPointer(rebasing: text[..<end]), as: UTF8.self))
    else { return nil }
    while let line = reader.line() {
      if line.isEmpty { continue }
      guard reader.block(from: line) else { return nil }
    }
    // What does not end with a line's end was cut.
    guard reader.position == text.count else { return nil }
    lockfile.records = reader.records
    return lockfile
  }

  private init(text: UnsafeRawBufferPointer) { self.text = text }

  /// The next line without its end; nil behind the last one, and for one that does not end.
  private mutating func line() -> Range<Int>? {
    let start = position
    guard let end = text.firstLineFeed(from: start) else { return nil }
    position = end + 1
    return start..<end
  }

  private func has(_ line: Range<Int>, _ word: StaticString) -> Bool {
    line.count == word.utf8CodeUnitCount && starts(line, with: word)
  }

  private func starts(_ line: Range<Int>, with word: StaticString) -> Bool {
    guard line.count >= word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { word in
      word.indices.allSatisfy { text[line.lowerBound + $0] == word[$0] }
    }
  }

  private mutating func skipHead() -> Int? {
    while let line = line() { if has(line, "artifacts:") { return position } }
    return nil
  }

  // MARK: one artifact

  private mutating func block(from first: Range<Int>) -> Bool {
    guard starts(first, with: "  "), text[first.upperBound - 1] == UInt8(ascii: ":"),
      let id = artifact((first.lowerBound + 2)..<(first.upperBound - 1)), records[id] == nil
    else { return false }
    var fields = Fields()
    while let line = line() {
      guard starts(line, with: "    ") else { return false }
      if starts(line, with: "    check: ") {
        let body = UnsafeRawBufferPointer(rebasing: text[first.lowerBound..<line.lowerBound])
        let digits = UnsafeRawBufferPointer(rebasing: text[(line.lowerBound + 11)..<line.upperBound])
        guard LockfileWriter.isChecksum(digits, of: body),
          let record = fields.record
        else { return false }
        records[id] = record
        return true
      }
      guard take(line, into: &fields) else { return false }
    }
    return false
  }

  private struct Fields {
    var digests = [Digest?](repeating: nil, count: names.count)
    var size: Int?
    var generation: Int?
    var refreshed: Int?
    var isAssumed = false
    var bases: [String: Digest] = [:]
    var upstreams: [ArtifactID: Digest] = [:]
    /// Whose members follow.
    var section = Section.none

    enum Section { case none, bases, upstreams }

    /// Those whose values are digests: the groups of inputs in their order, then the others.
    static let names = InputGroup.allCases.map { Array($0.rawValue.utf8) } + others.map { Array($0.utf8) }
    private static let others = ["fingerprint", "output", "content", "manifest", "index"]

    private func other(_ place: Int) -> Digest? { digests[InputGroup.allCases.count + place] }

    var record: BuildRecord? {
      guard let fingerprint = other(0), let output = other(1), let size else { return nil }
      var groups: [InputGroup: Digest] = [:]
      for (group, digest) in zip(InputGroup.allCases, digests) { if let digest { groups[group] = digest } }
      return BuildRecord(
        fingerprint: Fingerprint(fingerprint), groups: groups, bases: bases, upstreams: upstreams,
        output: ArtifactOutput(
          digest: output, content: other(2), manifest: other(3), index: other(4), size: size, isAssumed: isAssumed),
        generation: generation ?? 0, refreshed: refreshed)
    }
  }

  private func take(_ line: Range<Int>, into fields: inout Fields) -> Bool {
    if starts(line, with: "      ") {
      guard let (name, digest) = digest(after: line.lowerBound + 6, in: line) else { return false }
      switch fields.section {
      case .bases: return key(name).map { fields.bases.updateValue(digest, forKey: $0) == nil } ?? false
      case .upstreams: return artifact(name).map { fields.upstreams.updateValue(digest, forKey: $0) == nil } ?? false
      case .none: return false
      }
    }
    fields.section = .none
    if let (name, digest) = digest(after: line.lowerBound + 4, in: line) {
      guard let place = Fields.names.firstIndex(where: { isWord($0, at: name) }), fields.digests[place] == nil else {
        return false
      }
      fields.digests[place] = digest
      return true
    }
    if has(line, "    bases:") {
      fields.section = .bases
    } else if has(line, "    upstreams:") {
      fields.section = .upstreams
    } else if has(line, "    assumed: true") {
      fields.isAssumed = true
    } else {
      return take(line, "    size: ", into: &fields.size)
        || take(line, "    generation: ", into: &fields.generation)
        || take(line, "    refreshed: ", into: &fields.refreshed)
    }
    return true
  }

  /// False where the line is another one, its number is none, or there was one before.
  private func take(_ line: Range<Int>, _ name: StaticString, into number: inout Int?) -> Bool {
    guard starts(line, with: name), number == nil else { return false }
    number = Int(String(decoding: text[(line.lowerBound + name.utf8CodeUnitCount)..<line.upperBound], as: UTF8.self))
    return number != nil
  }

  private func isWord(_ word: [UInt8], at place: Range<Int>) -> Bool {
    word.count == place.count && word.indices.allSatisfy { word[$0] == text[place.lowerBound + $0] }
  }

  /// `NAME: sha256:…`: the name's place, and the digest.
  private func digest(after start: Int, in line: Range<Int>) -> (Range<Int>, Digest)? {
    let place = line.upperBound - 71
    guard place - 2 > start, text[place - 2] == UInt8(ascii: ":"), text[place - 1] == UInt8(ascii: " "),
      let digest = Digest(text: UnsafeRawBufferPointer(rebasing: text[place..<line.upperBound]))
    else { return nil }
    return (start..<(place - 2), digest)
  }

  /// A name that needs no quotes; nil for others.
  private func key(_ range: Range<Int>) -> String? {
    isKey(range) ? String(decoding: text[range], as: UTF8.self) : nil
  }

  private func artifact(_ range: Range<Int>) -> ArtifactID? {
    isKey(range) ? ArtifactID(utf8: UnsafeRawBufferPointer(rebasing: text[range])) : nil
  }

  private func isKey(_ range: Range<Int>) -> Bool {
    !range.isEmpty
      && range.allSatisfy { place in
        switch text[place] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"):
          true
        default: false
        }
      }
  }
}
