internal import ImageModel
internal import JSONText
internal import SIFConversion

/// What `sif diff` tells.
struct DiffReport {
  let differences: TreeDifferences

  init(_ differences: TreeDifferences) { self.differences = differences }

  var text: String {
    var lines = differences.removed.map { "- \(shown($0.path)): \(summary($0.facts))" }
    lines += differences.added.map { "+ \(shown($0.path)): \(summary($0.facts))" }
    lines += differences.changed.map { change in
      "~ \(shown(change.path)): " + change.aspects.map { aspect($0, change) }.joined(separator: ", ")
    }
    let (gone, new) = (size(differences.removed), size(differences.added))
    lines.append(
      differences.isEmpty
        ? "no differences"
        : "\(differences.removed.count) removed (\(HumanText.bytes(gone))), \(differences.added.count) added "
          + "(\(HumanText.bytes(new))), \(differences.changed.count) changed")
    if differences.leftOut > 0 {
      lines.append(
        "\(HumanText.count(differences.leftOut, "path")) not compared that a container gets beside its image")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private func size(_ files: [(path: FilePath, facts: FileFacts)]) -> Int {
    files.reduce(0) { $0.addingReportingOverflow($1.facts.size).partialValue }
  }

  /// On one line, whatever it is called.
  private func shown(_ path: FilePath) -> String {
    "/" + path.description.map { $0.isNewline ? "\u{FFFD}" : String($0) }.joined()
  }

  private func summary(_ facts: FileFacts) -> String {
    switch facts.kind {
    case .file: "file, \(HumanText.bytes(facts.size))"
    case .symbolicLink: "symbolic link to \(target(facts))"
    default: facts.kind.rawValue
    }
  }

  private func target(_ facts: FileFacts) -> String {
    TerminalText.oneLine(String(decoding: facts.target, as: UTF8.self))
  }

  private func aspect(_ aspect: TreeDifferences.Aspect, _ change: TreeDifferences.Change) -> String {
    let (before, after) = (change.before, change.after)
    return switch aspect {
    case .type: "type \(before.kind.rawValue) → \(after.kind.rawValue)"
    case .mode: "mode \(octal(before.mode)) → \(octal(after.mode))"
    case .owner: "owner \(before.uid):\(before.gid) → \(after.uid):\(after.gid)"
    case .target: "target \(target(before)) → \(target(after))"
    case .device: "device \(device(before)) → \(device(after))"
    case .size: "size \(before.size) → \(after.size)"
    case .content: "content"
    case .attributes: "attributes \(attributes(change))"
    }
  }

  private func octal(_ mode: Int) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  private func device(_ facts: FileFacts) -> String { facts.device.map(String.init).joined(separator: ",") }

  /// The names of those that differ.
  private func attributes(_ change: TreeDifferences.Change) -> String {
    let (before, after) = (change.before.attributes, change.after.attributes)
    let names = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    return names.map { String(decoding: $0, as: UTF8.self) }.sorted().joined(separator: " ")
  }

  var json: JSONValue {
    [
      "removed": .array(differences.removed.map { json($0.path, $0.facts) }),
      "added": .array(differences.added.map { json($0.path, $0.facts) }),
      "changed": .array(
        differences.changed.map { change in
          [
            "path": .string("/\(change.path)"), "differs": .array(change.aspects.map { .string($0.rawValue) }),
            "before": .object(JSONObject(members(change.before))), "after": .object(JSONObject(members(change.after))),
          ]
        }),
      "leftOut": .integer(differences.leftOut),
    ]
  }

  private func json(_ path: FilePath, _ facts: FileFacts) -> JSONValue {
    .object(JSONObject([("path", .string("/\(path)"))] + members(facts)))
  }

  private func members(_ facts: FileFacts) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("type", .string(facts.kind.rawValue)), ("mode", .string(octal(facts.mode))), ("uid", .integer(facts.uid)),
      ("gid", .integer(facts.gid)),
    ]
    if let content = facts.content {
      members += [("size", .integer(facts.size)), ("sha256", .string(content.hex))]
    }
    if facts.kind == .symbolicLink {
      members.append(("target", .string(String(decoding: facts.target, as: UTF8.self))))
    }
    if !facts.device.isEmpty { members.append(("device", .array(facts.device.map { .integer($0) }))) }
    if !facts.attributes.isEmpty {
      let names = facts.attributes.keys.map { String(decoding: $0, as: UTF8.self) }.sorted()
      members.append(("attributes", .array(names.map { .string($0) })))
    }
    return members
  }
}
