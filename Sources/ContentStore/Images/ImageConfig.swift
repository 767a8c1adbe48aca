internal import ImageModel
internal import JSONText

/// What coppice reads of an image's config, whose bytes it never changes.
struct ImageConfig {
  var digest: Digest
  var bytes: [UInt8]
  var diffIDs: [Digest]
  var platform: Platform?
  private let value: JSONValue

  init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    let digest = Digest.sha256(bytes)
    self.digest = digest
    func fault(_ message: String) -> Failure {
      Failure("the image's config \(digest) is not valid: \(message)", help: "build the image again")
    }
    do throws(JSONFault) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw fault("\(error)")
    }
    guard value.object != nil else { throw fault("it is not an object") }
    let diffIDs = value["rootfs"]?["diff_ids"]
    if let diffIDs, !diffIDs.isNull {
      guard let texts = diffIDs.strings else { throw fault("rootfs.diff_ids is not a list of digests") }
      self.diffIDs = texts.compactMap { Digest($0) }
      if let wrong = texts.first(where: { Digest($0) == nil }) {
        throw fault("rootfs.diff_ids: \(Digest.fault(wrong).printable)")
      }
    } else {
      self.diffIDs = []
    }
    if let os = value["os"]?.string, let architecture = value["architecture"]?.string, !os.isEmpty,
      !architecture.isEmpty
    {
      let variant = value["variant"]?.string
      platform = Platform(os: os, architecture: architecture, variant: variant == "" ? nil : variant)
    }
  }

  /// Members that name a time, a container or a parent, all of which change when nothing else does:
  /// `docker_version` tells who built, `container_config` repeats `config` with the last command, `rootfs` the
  /// digests of layers with their times (their content digests stand in for it).
  private static let dropped: Set<String> = [
    "created", "container", "container_config", "docker_version", "id", "parent", "rootfs", "history",
  ]

  /// What the config says of the image, without times: the same for two builds of the same.
  var content: JSONValue {
    guard let object = value.object else { return value }
    var kept = JSONObject(object.members.filter { !Self.dropped.contains($0.key) })
    if var config = kept["config"]?.object {
      // The parent's id, which the classic builder notes.
      config["Image"] = nil
      // buildah leaves the id of its working container there; a name that somebody chose stays.
      if let name = config["Hostname"]?.string, [12, 64].contains(name.utf8.count), name.utf8.allSatisfy(isHexDigit) {
        config["Hostname"] = nil
      }
      kept["config"] = .object(config)
    }
    // Comments name parents by id (`FROM 2bd081df985e`), and times are times.
    let history = (value["history"]?.array ?? []).map { step in
      var kept = JSONObject((step.object?.members ?? []).filter { $0.key != "created" && $0.key != "comment" })
      if let command = kept["created_by"]?.string { kept["created_by"] = .string(Self.withoutIDs(command)) }
      return JSONValue.object(kept)
    }
    if !history.isEmpty { kept["history"] = .array(history) }
    return JSONValue.object(kept).sorted
  }

  /// A step of the history without the ids of images that it mounts, which buildah repeats: what a step takes from
  /// another image shows in its layer.
  private static func withoutIDs(_ command: String) -> String {
    guard command.contains("--mount=") else { return command }
    let words = command.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard word.hasPrefix("--mount=") else { return String(word) }
      return word.split(separator: ",", omittingEmptySubsequences: false).map { field in
        field.firstRange(of: "from=sha256:").map { field[..<$0.lowerBound] + "from=" } ?? field
      }.joined(separator: ",")
    }
    return words.joined(separator: " ")
  }

  /// The digest of the image's content: config and layers without times.
  func contentDigest(listings: [Digest]) -> Digest {
    let lines = ["coppice image content 1", content.text] + listings.map(\.description)
    return .sha256(lines.map { $0 + "\n" }.joined())
  }

  /// The members that differ, `config.Env`, sorted.
  func differingMembers(_ other: ImageConfig) -> [String] { content.differences(other.content, "") }
}

private func isHexDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}

extension JSONValue {
  /// Members by key, at every level.
  fileprivate var sorted: JSONValue {
    switch self {
    case .object(let object):
      .object(JSONObject(object.members.map { ($0.key, $0.value.sorted) }.sorted { $0.0 < $1.0 }))
    case .array(let elements): .array(elements.map(\.sorted))
    default: self
    }
  }

  /// Only members of the first level and of `config` are told apart.
  fileprivate func differences(_ other: JSONValue, _ prefix: String) -> [String] {
    let keys = Set((object?.keys ?? []) + (other.object?.keys ?? []))
    return keys.sorted().flatMap { key -> [String] in
      let (mine, theirs) = (self[key], other[key])
      if mine == theirs { return [] }
      if prefix.isEmpty, key == "config", let mine, let theirs { return mine.differences(theirs, "config.") }
      return [prefix + key]
    }
  }
}
