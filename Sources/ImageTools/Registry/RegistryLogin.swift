import HostSystem
import ImageModel
import JSONText

/// Turns what a registry asks for into the value of `Authorization`.
struct RegistryLogin: Sendable {
  let transfer: RetryingTransfer
  let credentials: @Sendable (ImageReference) async throws -> Credential?
  private let remembered = Locked<[String: String]>([:])

  init(transfer: RetryingTransfer, credentials: @escaping @Sendable (ImageReference) async throws -> Credential?) {
    (self.transfer, self.credentials) = (transfer, credentials)
  }

  /// What the last login for the same was given, if there was one: many conversations share it until it runs out.
  func lastAuthorization(to endpoint: RegistryEndpoint, for scope: RegistryScope) -> String? {
    remembered.withLock { $0[Self.key(endpoint, scope)] }
  }

  private static func key(_ endpoint: RegistryEndpoint, _ scope: RegistryScope) -> String {
    ([endpoint.registry] + scope.texts(for: endpoint.reference.effectiveRepository)).joined(separator: " ")
  }

  /// Nil when there is nothing to log in with.
  /// - Throws: `RegistryError`; `Failure` where credentials cannot be had.
  func authorization(
    for answer: HTTPResponse, to endpoint: RegistryEndpoint, for scope: RegistryScope
  ) async throws -> String? {
    let value = try await newAuthorization(for: answer, to: endpoint, for: scope)
    remembered.withLock { $0[Self.key(endpoint, scope)] = value }
    return value
  }

  private func newAuthorization(
    for answer: HTTPResponse, to endpoint: RegistryEndpoint, for scope: RegistryScope
  ) async throws -> String? {
    let challenges = answer.all("www-authenticate").flatMap(AuthenticationChallenge.all)
    let credential = try await credentials(endpoint.reference)
    if case .token(let token)? = credential { return "Bearer " + token }
    if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
      return "Bearer " + (try await token(bearer, credential, endpoint, scope))
    }
    guard challenges.contains(where: { $0.scheme == "basic" }), case .password(let user, let password)? = credential
    else { return nil }
    return Self.basic(user, password)
  }

  private static func basic(_ user: String, _ password: String) -> String {
    "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
  }

  private func token(
    _ challenge: AuthenticationChallenge, _ credential: Credential?, _ endpoint: RegistryEndpoint,
    _ scope: RegistryScope
  ) async throws -> String {
    let reference = endpoint.reference
    guard let realm = challenge.parameters["realm"], let address = WebAddress(realm), address.isPrivate else {
      let place = challenge.parameters["realm"].map { " ('\($0.prefix(200))')" } ?? ""
      throw RegistryError(
        malformed: "it asks to log in at a place that is not safe\(place)", about: reference,
        help: "logins go to https addresses only")
    }
    let request = Self.request(realm, challenge, credential, endpoint, scope)
    let answer: HTTPResponse
    do {
      answer = try await transfer.answer(to: request)
    } catch let error as TransferError {
      throw RegistryError(error, from: address.server, about: reference)
    }
    guard answer.status == 200 else { throw RegistryError(answer, from: address.server, about: reference) }
    let body = try? JSONValue(parsing: answer.body)
    guard
      let token = [body?["token"], body?["access_token"]].lazy.compactMap({ $0?.string }).first(where: Self.isToken)
    else { throw RegistryError(malformed: "\(address.server), where it lets log in, gave no token", about: reference) }
    return token
  }

  /// What may stand in a header.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
  }

  private static func request(
    _ realm: String, _ challenge: AuthenticationChallenge, _ credential: Credential?, _ endpoint: RegistryEndpoint,
    _ scope: RegistryScope
  ) -> HTTPRequest {
    var scopes = scope.texts(for: endpoint.reference.effectiveRepository)
    // Who only reads takes what is offered: the registry knows best how it calls that.
    if scope == .pull, let offered = challenge.parameters["scope"] { scopes = [offered] }
    let fields =
      [("service", challenge.parameters["service"] ?? endpoint.host)] + scopes.map { ("scope", $0) }
    var request: HTTPRequest
    if case .identity(let token)? = credential {
      request = HTTPRequest("POST", realm)
      let more = [("grant_type", "refresh_token"), ("client_id", "coppice"), ("refresh_token", token)]
      request.body = .bytes(Array(form(fields + more).utf8))
      request.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    } else {
      request = HTTPRequest("GET", realm + (realm.contains("?") ? "&" : "?") + form(fields))
      if case .password(let user, let password)? = credential {
        request.headers.append(("Authorization", basic(user, password)))
      }
    }
    request.limit = 1 << 20
    return request
  }

  private static func form(_ fields: [(String, String)]) -> String {
    let digits = Array("0123456789ABCDEF")
    return fields.map { name, value in
      let escaped = value.utf8.map { byte -> String in
        let scalar = Unicode.Scalar(byte)
        let isPlain = byte < 0x80 && (Character(scalar).isLetter || Character(scalar).isNumber)
        if isPlain || "-._~".utf8.contains(byte) { return String(scalar) }
        return "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
      return name + "=" + escaped.joined()
    }.joined(separator: "&")
  }
}
