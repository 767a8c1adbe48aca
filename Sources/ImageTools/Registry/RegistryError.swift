import ImageModel
import JSONText

/// Why a registry gave no manifest.
struct RegistryError: Error, Sendable {
  enum Kind: Sendable {
    /// Nobody answered.
    case unreachable
    case denied, notFound
    /// It answered, and cannot now.
    case busy
    case malformed
  }

  var kind: Kind
  var message: String
  var help: String?
  /// How long the server wants not to be asked.
  var retryAfter: Duration?

  init(_ kind: Kind, _ message: String, help: String? = nil) {
    (self.kind, self.message, self.help) = (kind, message, help)
  }

  /// It answered, but not what a registry would.
  init(malformed words: String, about reference: ImageReference, help: String? = "is it a registry?") {
    self.init(
      .malformed, "\(reference.effectiveRegistry) cannot be understood about \(reference): \(words)", help: help)
  }

  /// - Parameter server: who did not answer: the registry, or where one logs in to it.
  init(_ error: TransferError, from server: String, about reference: ImageReference) {
    switch error.kind {
    case .unreachable, .interrupted:
      self.init(.unreachable, "\(server) cannot be reached: \(error)", help: "check the network and the proxy")
    case .tooSlow:
      self.init(
        .busy, "\(server) did not answer about \(reference) in time: \(error)",
        help: "try again later; check the network and the proxy")
    case .notTLS:
      self.init(
        .unreachable, "\(server) cannot be reached: \(error)",
        help: "plain http is spoken with registries of this machine only; is there TLS at that port?")
    case .certificate:
      self.init(
        .unreachable, "\(server) cannot be trusted: \(error)",
        help: "add the certificate of its authority to the system's, or name it in SSL_CERT_FILE")
    case .tooLarge: self.init(malformed: "\(error)", about: reference)
    case .other: self.init(malformed: "\(error)", about: reference)
    }
  }

  /// What an answer other than 200 means.
  /// - Parameter server: who answered, if it is not the registry.
  init(_ answer: HTTPResponse, from server: String? = nil, about reference: ImageReference) {
    let registry = reference.effectiveRegistry
    let (who, words) = (server ?? registry, Self.words(answer))
    switch answer.status {
    case 401, 403:
      self.init(
        .denied, "\(who) denies access to \(reference)\(words)",
        help: "check its name; when it is private, log in with `docker login \(registry)` or your engine's login")
    case 404: self.init(.notFound, "\(who) has no \(reference)\(words)", help: "check its name and tag")
    case 429:
      let wait = answer.retryAfter.map { "in \($0.components.seconds) seconds" } ?? "later"
      self.init(
        .busy, "\(who) was asked too often, lately for \(reference) (HTTP 429)",
        help: "try again \(wait), or log in to be allowed more")
    case 408, 425, 500...:
      let wait = answer.retryAfter.map { "in \($0.components.seconds) seconds" } ?? "later"
      self.init(
        .busy, "\(who) has trouble with \(reference) (HTTP \(answer.status))\(words)", help: "try again \(wait)")
    default: self.init(malformed: "it answered HTTP \(answer.status)\(words)", about: reference)
    }
    retryAfter = answer.retryAfter
  }

  var failure: Failure { Failure(message, help: help) }

  /// The registry's own words, if they are short and plain.
  private static func words(_ answer: HTTPResponse) -> String {
    guard let body = try? JSONValue(parsing: answer.body),
      let message = body["errors"]?[0]?["message"]?.string ?? body["details"]?.string, !message.isEmpty
    else { return "" }
    return ": " + String(message.prefix(200).filter { !$0.isNewline })
  }
}
