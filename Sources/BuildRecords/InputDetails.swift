internal import JSONText
package import ImageModel

/// What is known of a step's inputs beside their list, for people: no part of the fingerprint, and it may be lost.
package struct InputDetails: Hashable, Sendable {
  /// What a file was rendered from.
  package struct Template: Hashable, Sendable {
    /// The name of the template.
    package var name: String
    /// Of the template's text.
    package var digest: Digest
    /// The parameters that it names, as they were written; values that look secret as digests.
    package var parameters: [String: Located<String>]

    package init(name: String, digest: Digest, parameters: [String: Located<String>]) {
      self.name = name
      self.digest = digest
      self.parameters = parameters
    }
  }

  /// What a Dockerfile of several stages is built for.
  package struct Target: Hashable, Sendable {
    /// Nil means the last one.
    package var stage: String?
    package var location: SourceLocation

    package init(_ stage: String?, at location: SourceLocation) {
      (self.stage, self.location) = (stage, location)
    }
  }

  /// Nil where there is one stage, or nobody knows.
  package var target: Target?
  /// By what a Dockerfile calls images of the tree, where that is not the main tag.
  package var aliases: [String: ArtifactID] = [:]
  /// Small texts of the context by their digests.
  package var texts: [Digest: [UInt8]] = [:]
  /// By the path of the rendered file.
  package var templates: [String: Template] = [:]
  package var ignore = IgnoreFile()

  package init() {}

  /// Whether there is nothing to keep.
  package var isEmpty: Bool { self == InputDetails() }
}

/// As they are kept beside the list: a line with the version and the digest of the rest; then fields, each with its
/// length in four bytes, big-endian: a JSON object with what is no text, and the texts.
extension InputDetails {
  private static let header = Array("coppice-details 1 ".utf8)

  package var encoded: [UInt8] {
    var body: [UInt8] = []
    InputEncoding.append(Array(JSONValue.object(json).text.utf8), to: &body)
    for (_, text) in texts.sorted(by: { $0.key < $1.key }) { InputEncoding.append(text, to: &body) }
    return Self.header + Array("\(Digest.sha256(body))\n".utf8) + body
  }

  /// Reads details back; nil for bytes that are no whole details.
  package init?(encoded bytes: [UInt8]) {
    guard bytes.starts(with: Self.header) else { return nil }
    var rest = bytes[Self.header.count...]
    let digest = rest.prefix { $0 != UInt8(ascii: "\n") }
    rest = rest.dropFirst(digest.count + 1)
    guard Digest(String(decoding: digest, as: UTF8.self)) == .sha256(rest),
      let object = InputEncoding.take(&rest), let json = try? JSONValue(parsing: object)
    else { return nil }
    self.init()
    while let text = InputEncoding.take(&rest) { texts[.sha256(text)] = text }
    ignore = IgnoreFile(name: json["ignore"]?["name"]?.string, patterns: json["ignore"]?["patterns"]?.strings ?? [])
    target = json["target"]?["location"].flatMap(SourceLocation.init).map {
      Target(json["target"]?["stage"]?.string, at: $0)
    }
    for (name, value) in json["aliases"]?.object?.members ?? [] {
      aliases[name] = value.string.flatMap { ArtifactID($0) }
    }
    for (path, value) in json["templates"]?.object?.members ?? [] {
      guard let name = value["name"]?.string, let digest = value["digest"]?.string.flatMap({ Digest($0) }) else {
        continue
      }
      var parameters: [String: Located<String>] = [:]
      for (key, parameter) in value["parameters"]?.object?.members ?? [] {
        guard let text = parameter["value"]?.string, let location = parameter["location"].flatMap(SourceLocation.init)
        else { continue }
        parameters[key] = Located(text, at: location)
      }
      templates[path] = Template(name: name, digest: digest, parameters: parameters)
    }
  }

  private var json: JSONObject {
    var object = JSONObject()
    if let target {
      object["target"] = ["stage": target.stage.map { .string($0) } ?? .null, "location": target.location.json]
    }
    if !aliases.isEmpty {
      let members = aliases.sorted { $0.key < $1.key }.map {
        (key: $0.key, value: JSONValue.string($0.value.description))
      }
      object["aliases"] = .object(JSONObject(members))
    }
    if let name = ignore.name {
      object["ignore"] = ["name": .string(name), "patterns": .array(ignore.patterns.map { .string($0) })]
    }
    if !templates.isEmpty {
      object["templates"] = .object(
        JSONObject(
          templates.sorted { $0.key < $1.key }.map { path, template in
            let parameters = template.parameters.sorted { $0.key < $1.key }.map { name, parameter in
              (key: name, value: ["value": .string(parameter.value), "location": parameter.location.json] as JSONValue)
            }
            return (
              key: path,
              value: [
                "name": .string(template.name), "digest": .string(template.digest.description),
                "parameters": .object(JSONObject(parameters)),
              ]
            )
          }))
    }
    return object
  }
}
