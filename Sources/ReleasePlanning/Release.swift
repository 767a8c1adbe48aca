package import ImageModel
internal import YAMLText

/// What was published together: every name that switched, from what to what.
package struct Release: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var artifact: ArtifactID
    package var destination: String
    package var change: NameSwitch

    package init(artifact: ArtifactID, destination: String, change: NameSwitch) {
      self.artifact = artifact
      self.destination = destination
      self.change = change
    }
  }

  /// Seconds since 1970.
  package var time: Int
  /// In the order of publishing.
  package var entries: [Entry]
  /// The release that this one took back.
  package var undone: String?
  /// The seal of the plan that was applied.
  package var plan: Digest?

  package init(time: Int, entries: [Entry], undone: String? = nil, plan: Digest? = nil) {
    self.time = time
    self.entries = entries
    self.undone = undone
    self.plan = plan
  }

  /// `2026-11-20T15-04-05Z-1a2b3c4d`: sorts by time, and says what was published.
  package var name: String {
    var hasher = SHA256Hasher()
    for entry in entries {
      let words = [
        "\(entry.artifact)", entry.destination, entry.change.name, entry.change.to?.description ?? "nothing",
      ]
      hasher.update(Array((words.joined(separator: " ") + "\n").utf8))
    }
    return DateText.utc(time).replacing(":", with: "-") + "-" + hasher.finish().hex.prefix(8)
  }

  /// Of each name at a destination, what it led to afterwards.
  package func targets(at destination: String) -> [String: (artifact: ArtifactID, digest: Digest?)] {
    entries.filter { $0.destination == destination }.reduce(into: [:]) {
      $0[$1.change.name] = ($1.artifact, $1.change.to)
    }
  }

  // MARK: As a file

  private static let version = 1

  package var text: String {
    let entries: [YAMLValue] = entries.map { entry in
      [
        "artifact": .text("\(entry.artifact)"), "destination": .text(entry.destination),
        "name": .text(entry.change.name), "from": entry.change.from.map { .text("\($0)") } ?? .null,
        "to": entry.change.to.map { .text("\($0)") } ?? .null,
      ]
    }
    var members: [(String, YAMLValue)] = [
      ("version", .integer(Self.version)), ("time", .text(DateText.utc(time))), ("seconds", .integer(time)),
    ]
    if let undone { members.append(("undone", .text(undone))) }
    if let plan { members.append(("plan", .text("\(plan)"))) }
    members.append(("published", .sequence(entries)))
    return "# Written by coppice publish; each name, from what to what.\n"
      + YAMLWriter.text(of: .mapping(members.map { (key: $0.0, value: $0.1) }))
  }

  /// - Throws: `InvalidInput` for a file that is no release, or one of a later version.
  package init(reading bytes: [UInt8], file: FilePath) throws(InvalidInput) {
    let root = try YAMLReader.read(bytes, file: file)
    func fault(_ words: String, _ node: YAMLNode? = nil) -> InvalidInput {
      InvalidInput([
        Diagnostic(
          .error, words, at: node?.location ?? SourceLocation(file: file),
          help: "take the file back from version control, or remove it")
      ])
    }
    guard let root, root["version"]?.integer == Self.version else { throw fault("this is no release of coppice") }
    guard let time = root["seconds"]?.integer, let nodes = root["published"]?.sequence else {
      throw fault("the release has no 'seconds' or no 'published'", root)
    }
    self.init(
      time: time, entries: [], undone: root["undone"]?.text, plan: root["plan"]?.text.flatMap { Digest($0) })
    for node in nodes {
      guard let artifact = node["artifact"]?.text.flatMap({ ArtifactID($0) }),
        let destination = node["destination"]?.text, let name = node["name"]?.text
      else { throw fault("this names no artifact, no destination or no name", node) }
      func digest(_ key: String) throws(InvalidInput) -> Digest? {
        guard let value = node[key], !value.isNull else { return nil }
        guard let digest = value.text.flatMap({ Digest($0) }) else { throw fault("'\(key)' is no digest", value) }
        return digest
      }
      let change = NameSwitch(name, from: try digest("from"), to: try digest("to"))
      entries.append(Entry(artifact: artifact, destination: destination, change: change))
    }
  }
}
