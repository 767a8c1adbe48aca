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
    guard start < text.count, let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
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
      let id = key((first.lowerBound + 2)..<(first.upperBound - 1)).flatMap({ ArtifactID($0) }), records[id] == nil
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
    var numbers: [String: Int] = [:]
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
      guard let fingerprint = other(0), let output = other(1), let size = numbers["size"] else { return nil }
      var groups: [InputGroup: Digest] = [:]
      for (group, digest) in zip(InputGroup.allCases, digests) { if let digest { groups[group] = digest } }
      return BuildRecord(
        fingerprint: Fingerprint(fingerprint), groups: groups, bases: bases, upstreams: upstreams,
        output: ArtifactOutput(
          digest: output, content: other(2), manifest: other(3), index: other(4), size: size, isAssumed: isAssumed),
        generation: numbers["generation"] ?? 0, refreshed: numbers["refreshed"])
    }
  }

  private func take(_ line: Range<Int>, into fields: inout Fields) -> Bool {
    if starts(line, with: "      ") {
      guard let (name, digest) = digest(after: line.lowerBound + 6, in: line), let name = key(name) else {
        return false
      }
      switch fields.section {
      case .bases: return fields.bases.updateValue(digest, forKey: name) == nil
      case .upstreams:
        return ArtifactID(name).map { fields.upstreams.updateValue(digest, forKey: $0) == nil } ?? false
      case .none: return false
      }
    }
    fields.section = has(line, "    bases:") ? .bases : has(line, "    upstreams:") ? .upstreams : .none
    if fields.section != .none { return true }
    if has(line, "    assumed: true") {
      fields.isAssumed = true
      return true
    }
    if let (name, digest) = digest(after: line.lowerBound + 4, in: line) {
      let word = UnsafeRawBufferPointer(rebasing: text[name])
      guard let place = Fields.names.firstIndex(where: { $0.count == word.count && word.elementsEqual($0) }),
        fields.digests[place] == nil
      else { return false }
      fields.digests[place] = digest
      return true
    }
    let rest = (line.lowerBound + 4)..<line.upperBound
    guard let colon = text[rest].firstIndex(of: UInt8(ascii: ":")), colon + 2 < line.upperBound,
      text[colon + 1] == UInt8(ascii: " "), let name = key(rest.lowerBound..<colon),
      ["size", "generation", "refreshed"].contains(name),
      let number = Int(String(decoding: text[(colon + 2)..<line.upperBound], as: UTF8.self))
    else { return false }
    return fields.numbers.updateValue(number, forKey: name) == nil
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
    guard !range.isEmpty,
      text[range].allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"):
          true
        default: false
        }
      })
    else { return nil }
    return String(decoding: text[range], as: UTF8.self)
  }
}
