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
    /// As the definition names it; nil means the last one.
    package var stage: String?
    /// Which of the stages that is.
    package var number: Int
    package var location: SourceLocation

    package init(_ stage: String?, number: Int, at location: SourceLocation) {
      (self.stage, self.number, self.location) = (stage, number, location)
    }
  }

  /// Nil where there is one stage, or nobody knows.
  package var target: Target?
  /// Instructions as they are written, by what counts of them, where these differ in the names of images.
  package var written: [String: String] = [:]
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
    if let value = json["target"], let number = value["number"]?.integer,
      let location = value["location"].flatMap(SourceLocation.init)
    {
      target = Target(value["stage"]?.string, number: number, at: location)
    }
    for (counted, value) in json["written"]?.object?.members ?? [] { written[counted] = value.string }
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
      object["target"] = [
        "stage": target.stage.map { .string($0) } ?? .null, "number": .integer(target.number),
        "location": target.location.json,
      ]
    }
    if !written.isEmpty {
      let members = written.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue.string($0.value)) }
      object["written"] = .object(JSONObject(members))
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
