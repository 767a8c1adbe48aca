internal import ImageModel
internal import JSONText
internal import SIFFormat

/// What `sif list` tells of a file.
struct SIFReport {
  let image: SIFImage
  let path: FilePath

  init(_ image: SIFImage, path: FilePath) {
    self.image = image
    self.path = path
  }

  private var launchScript: String { String(decoding: image.header.launchScript, as: UTF8.self) }

  /// Nil where no time is meant to be told.
  private var created: String? {
    // Beyond the years that have four digits nothing is a date.
    (-62_135_596_799...253_402_300_799).contains(image.header.created) ? DateText.utc(image.header.created) : nil
  }

  func text(style: Style) -> String {
    var table = Table([
      .init("ID", .right), .init("GROUP", .right), .init("LINK"), .init("FROM", .right), .init("TO", .right),
      .init("TYPE"), .init("NAME"),
    ])
    for object in image.objects {
      table.add([
        "\(object.id)", object.group.map { "\($0)" } ?? "-", link(object), "\(object.range.lowerBound)",
        "\(object.range.upperBound)", "\(object.type)" + (object.details.text.map { " (\($0))" } ?? ""), object.text,
      ])
    }
    let facts = [
      ("architecture", "\(image.header.architecture)"), ("launch script", TerminalText.oneLine(launchScript)),
      ("id", image.header.id.allSatisfy { $0 == 0 } ? "none" : image.header.uuid), ("created", created ?? "not told"),
      ("objects", "\(image.objects.count), \(image.header.descriptorsFree) more are possible"),
    ]
    let width = facts.map { $0.0.count }.max() ?? 0
    let lines = facts.map { name, value in
      style(.bold, name + ":") + String(repeating: " ", count: width - name.count + 2) + value + "\n"
    }
    return lines.joined() + (image.objects.isEmpty ? "" : "\n") + table.text(style: style)
  }

  private func link(_ object: SIFDescriptor) -> String {
    switch object.link {
    case nil: "-"
    case .object(let id): "\(id)"
    case .group(let group): "group \(group)"
    }
  }

  var json: JSONValue {
    [
      "file": .string(path.description), "architecture": .string("\(image.header.architecture)"),
      "id": .string(image.header.uuid), "created": created.map { .string($0) } ?? .null,
      "launchScript": .string(launchScript), "objects": .array(image.objects.map(json)),
    ]
  }

  private func json(_ object: SIFDescriptor) -> JSONValue {
    var members: JSONObject = JSONObject([
      ("id", .integer(Int(object.id))), ("type", .string("\(object.type)")), ("offset", .integer(object.offset)),
      ("size", .integer(object.count)),
    ])
    if let group = object.group { members.append("group", .integer(Int(group))) }
    switch object.link {
    case nil: break
    case .object(let id): members.append("linkedObject", .integer(Int(id)))
    case .group(let group): members.append("linkedGroup", .integer(Int(group)))
    }
    if !object.name.isEmpty { members.append("name", .string(object.text)) }
    switch object.details {
    case .none: break
    case .partition(let partition):
      members.append("fileSystem", .string("\(partition.fileSystem)"))
      members.append("partition", .string("\(partition.kind)"))
      members.append("architecture", .string("\(partition.architecture)"))
    case .signature(let hash, let fingerprint):
      members.append("hash", .string(hash))
      if let fingerprint { members.append("fingerprint", .string(fingerprint)) }
    case .cryptoMessage(let format, let message):
      members.append("format", .string(format))
      members.append("message", .string(message))
    case .sbom(let format): members.append("format", .string(format))
    case .ociDigest(let digest): members.append("digest", .string(digest.description))
    case .malformed: members.append("digest", .null)
    }
    return .object(members)
  }
}
