package import ImageModel
package import JSONText

/// What an image's config says about how to run it.
package struct OCIConfig: Sendable {
  /// Of the bytes of the config: the image's id.
  package let digest: Digest
  package let platform: Platform?
  /// When the image was made, in seconds since 1970; nil when it does not say.
  package let created: Int?
  package let entrypoint: [String]
  package let command: [String]
  /// `NAME=VALUE` or `NAME`, in their order.
  package let environment: [String]
  package let labels: [String: String]
  /// The member `config` as it is; an empty object when there is none.
  package let value: JSONValue

  /// - Throws: when the config is not one, or holds a word that no program can be given.
  package init(_ bytes: [UInt8]) throws(Failure) {
    let digest = Digest.sha256(bytes)
    self.digest = digest
    func fault(_ message: String) -> Failure {
      Failure("the image's config \(digest) is not valid: \(message)", help: "build the image again")
    }
    let whole: JSONValue
    do throws(JSONFault) {
      whole = try JSONValue(parsing: bytes)
    } catch {
      throw fault("\(error)")
    }
    guard whole.object != nil else { throw fault("it is not an object") }
    let member = whole["config"] ?? .null
    let value = member.isNull ? .object(JSONObject()) : member
    guard value.object != nil else { throw fault("config is not an object") }
    self.value = value
    func words(_ name: String) throws(Failure) -> [String] {
      guard let member = value[name], !member.isNull else { return [] }
      guard let words = member.strings else { throw fault("config.\(name) is not a list of strings") }
      guard !words.contains(where: { $0.utf8.contains(0) }) else { throw fault("config.\(name) has a zero byte") }
      return words
    }
    created = whole["created"]?.string.flatMap { Timestamp($0)?.seconds }
    entrypoint = try words("Entrypoint")
    command = try words("Cmd")
    environment = try words("Env")
    if let labels = value["Labels"], !labels.isNull {
      guard let labels = labels.stringMap else { throw fault("config.Labels is not an object of strings") }
      self.labels = labels
    } else {
      labels = [:]
    }
    if let os = whole["os"]?.string, let architecture = whole["architecture"]?.string, !architecture.isEmpty {
      let variant = whole["variant"]?.string
      platform = Platform(os: os, architecture: architecture, variant: variant == "" ? nil : variant)
    } else {
      platform = nil
    }
  }

  /// - Throws: when the config names none, or one that SIF has no code for.
  package func architecture() throws(Failure) -> SIFArchitecture {
    guard let platform else { throw Failure("the image's config \(digest) names no architecture") }
    guard let architecture = SIFArchitecture(platform) else {
      throw Failure("the image is for \(platform), and SIF has no code for that architecture")
    }
    return architecture
  }
}
