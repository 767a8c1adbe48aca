internal import ImageModel
internal import JSONText
internal import YAMLText

/// Writes a lockfile: YAML, sorted, the same bytes for the same content.
///
/// Every block ends with a checksum of its own and nothing counts over the whole file, so that git merges what two
/// branches built; the empty line after each keeps what is added beside a block apart from changes of the block.
/// See docs/design.md, "What is remembered".
package struct LockfileWriter {
  private var bytes: [UInt8] = []

  private init() {}

  /// - Parameter isCommitted: whether its first line asks to commit it.
  package static func bytes(_ lockfile: Lockfile, isCommitted: Bool = true) -> [UInt8] {
    var writer = LockfileWriter()
    writer.bytes.reserveCapacity(512 + lockfile.records.count * 1024)
    let request = isCommitted ? "commit it, " : ""
    writer.line("# What every artifact was made of and what came out. Written by coppice; \(request)do not edit it.")
    writer.line("coppice-lock: 1")
    writer.line("bases:")
    writer.write(lockfile.pins)
    writer.line("artifacts:")
    for id in lockfile.records.keys.sorted() {
      if let record = lockfile.records[id] { writer.write(id, record) }
    }
    return writer.bytes
  }

  package static func text(_ lockfile: Lockfile, isCommitted: Bool = true) -> String {
    String(decoding: bytes(lockfile, isCommitted: isCommitted), as: UTF8.self)
  }

  private mutating func write(_ pins: [Lockfile.BaseKey: PinnedBase]) {
    let platforms = Dictionary(grouping: pins.keys.sorted(), by: \.reference)
    for reference in platforms.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      let known = (platforms[reference] ?? []).compactMap { key in
        pins[key].map { (platform: Self.key(key.platform), pin: $0) }
      }
      block(reference) { writer in
        for (platform, pin) in known {
          writer.line("    ", platform, ": ", pin.digest.description, pin.isLocal ? " local" : "")
        }
        // JSON is YAML.
        writer.section("onbuild", known.filter { !$0.pin.onBuild.isEmpty }) { pin in
          JSONValue.array(pin.onBuild.map { .string($0) }).text
        }
        writer.section("env", known.filter { !$0.pin.environment.isEmpty }) { pin in
          let members = pin.environment.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
          return JSONValue.object(JSONObject(members.map { ($0, $1.map { .string($0) } ?? .null) })).text
        }
      }
    }
  }

  private mutating func write(_ id: ArtifactID, _ record: BuildRecord) {
    block(id.description) { writer in
      writer.line("fingerprint", record.fingerprint.digest)
      for group in InputGroup.allCases where group != .base && group != .upstream {
        writer.line(group.rawValue, record.groups[group])
      }
      writer.section("bases", record.bases)
      writer.section("upstreams", record.upstreams)
      writer.line("output", record.output.digest)
      writer.line("content", record.output.content)
      writer.line("manifest", record.output.manifest)
      writer.line("index", record.output.index)
      writer.line("    size: ", String(record.output.size))
      if record.output.isAssumed { writer.line("    assumed: true") }
      if record.generation > 0 { writer.line("    generation: ", String(record.generation)) }
      if let refreshed = record.refreshed { writer.line("    refreshed: ", String(refreshed)) }
    }
  }

  // MARK: lines

  /// A name, what belongs to it, and its checksum.
  private mutating func block(_ name: String, _ body: (inout Self) -> Void) {
    let start = bytes.count
    line("  ", Self.key(name), ":")
    body(&self)
    let checksum = Digest.sha256(bytes[start...])
    add("    check: ")
    checksum.appendChecksum(to: &bytes)
    add("\n\n")
  }

  /// - Parameter text: of a member's value.
  private mutating func section(
    _ name: String, _ pins: [(platform: String, pin: PinnedBase)], _ text: (PinnedBase) -> String
  ) {
    if pins.isEmpty { return }
    line("    ", name, ":")
    for (platform, pin) in pins { line("      ", platform, ": ", text(pin)) }
  }

  private mutating func section(_ name: String, _ digests: [some Comparable & CustomStringConvertible: Digest]) {
    if digests.isEmpty { return }
    line("    ", name, ":")
    for (key, digest) in digests.count == 1 ? Array(digests) : digests.sorted(by: { $0.key < $1.key }) {
      member("      ", Self.key(key), digest)
    }
  }

  private mutating func line(_ name: String, _ digest: Digest?) {
    if let digest { member("    ", name, digest) }
  }

  private mutating func member(_ indent: String, _ name: String, _ digest: Digest) {
    add(indent)
    add(name)
    add(": ")
    digest.appendText(to: &bytes)
    add("\n")
  }

  private mutating func line(_ words: String...) {
    for word in words { add(word) }
    add("\n")
  }

  private mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }

  private static func key(_ name: some CustomStringConvertible) -> String { YAMLWriter.scalar(name.description) }

  // MARK: checksums

  /// Sixteen digits are enough against accidents, which is all that it is for.
  static func checksum(_ body: some StringProtocol) -> String {
    var digits: [UInt8] = []
    Digest.sha256(body.utf8).appendChecksum(to: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  static func isChecksum(_ digits: UnsafeRawBufferPointer, of body: UnsafeRawBufferPointer) -> Bool {
    var expected: [UInt8] = []
    expected.reserveCapacity(16)
    Digest.sha256(body).appendChecksum(to: &expected)
    return digits.elementsEqual(expected)
  }
}
