internal import ImageModel
internal import JSONText
internal import YAMLText

/// Writes a lockfile: YAML, sorted, the same bytes for the same content.
///
/// Every block ends with a checksum of its own and nothing counts over the whole file, so that git merges what two
/// branches built; the empty line after each keeps what is added beside a block apart from changes of the block.
/// See docs/design.md, "What is remembered".
package enum LockfileWriter {
  /// - Parameter isCommitted: whether its first line asks to commit it.
  package static func text(_ lockfile: Lockfile, isCommitted: Bool = true) -> String {
    var text = """
      # What every artifact was made of and what came out. Written by coppice; \(isCommitted ? "commit it, " : "")do not edit it.
      coppice-lock: 1
      bases:

      """
    var bases: [String: (pins: [String], triggers: [String], variables: [String])] = [:]
    for (key, pin) in lockfile.pins.sorted(by: { $0.key < $1.key }) {
      let platform = Self.key(key.platform.description)
      bases[key.reference, default: ([], [], [])].pins.append(
        "\(platform): \(pin.digest)\(pin.isLocal ? " local" : "")")
      // JSON is YAML.
      if !pin.onBuild.isEmpty {
        let list = JSONValue.array(pin.onBuild.map { .string($0) }).text
        bases[key.reference]?.triggers.append("  \(platform): \(list)")
      }
      if !pin.environment.isEmpty {
        let members = pin.environment.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let object = JSONObject(members.map { ($0.key, $0.value.map { .string($0) } ?? .null) })
        bases[key.reference]?.variables.append("  \(platform): \(JSONValue.object(object).text)")
      }
    }
    for (reference, lines) in bases.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      text += block(
        reference,
        lines.pins + (lines.triggers.isEmpty ? [] : ["onbuild:"] + lines.triggers)
          + (lines.variables.isEmpty ? [] : ["env:"] + lines.variables))
    }
    text += "artifacts:\n"
    for (id, record) in lockfile.records.sorted(by: { $0.key < $1.key }) {
      text += block(id.description, lines(of: record))
    }
    return text
  }

  private static func lines(of record: BuildRecord) -> [String] {
    var lines = ["fingerprint: \(record.fingerprint)"]
    for group in InputGroup.allCases where group != .base && group != .upstream {
      if let digest = record.groups[group] { lines.append("\(group.rawValue): \(digest)") }
    }
    if !record.bases.isEmpty {
      lines.append("bases:")
      lines += record.bases.sorted { $0.key < $1.key }.map { "  \(key($0)): \($1)" }
    }
    if !record.upstreams.isEmpty {
      lines.append("upstreams:")
      lines += record.upstreams.sorted { $0.key < $1.key }.map { "  \(key($0.description)): \($1)" }
    }
    lines.append("output: \(record.output.digest)")
    if let content = record.output.content { lines.append("content: \(content)") }
    if let manifest = record.output.manifest { lines.append("manifest: \(manifest)") }
    if let index = record.output.index { lines.append("index: \(index)") }
    lines.append("size: \(record.output.size)")
    if record.output.isAssumed { lines.append("assumed: true") }
    if record.generation > 0 { lines.append("generation: \(record.generation)") }
    if let refreshed = record.refreshed { lines.append("refreshed: \(refreshed)") }
    return lines
  }

  private static func block(_ name: String, _ lines: [String]) -> String {
    let body = "  \(key(name)):\n" + lines.map { "    \($0)\n" }.joined()
    return body + "    check: \(checksum(body))\n\n"
  }

  private static func key(_ name: String) -> String { YAMLWriter.scalar(name) }

  /// Sixteen digits are enough against accidents, which is all that it is for.
  static func checksum(_ body: some StringProtocol) -> String { String(Digest.sha256(body.utf8).hex.prefix(16)) }
}
