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
}

/// Asks registries for manifests: OCI distribution specification, "Pull".
struct RegistryClient: Sendable {
  let perform: @Sendable (HTTPRequest) async throws -> HTTPResponse
  let credentials: @Sendable (ImageReference) async throws -> Credential?
  let clock: any Clock<Duration>

  private static let manifestTypes = [
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
  ]
  private static let indexTypes = [
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
  ]
  /// How long a registry may make us wait.
  private static let patience = 30

  /// The digest of the manifest that a reference means on a platform.
  /// - Throws: `RegistryError`.
  func manifestDigest(of reference: ImageReference, platform: Platform) async throws -> Digest {
    var session = Session(reference: reference)
    let path = "manifests/" + (reference.digest?.description ?? reference.tag ?? "latest")
    let head = try await ask("HEAD", path, &session)
    if head.status == 200, let digest = head["docker-content-digest"].flatMap({ Digest($0) }),
      Self.manifestTypes.contains(Self.mediaType(head))
    {
      return digest
    }
    // An index, an old registry that gives no digest, or one that knows no HEAD.
    let answer = try await ask("GET", path, &session)
    try check(answer, session)
    let digest = Digest.sha256(answer.body)
    if let named = answer["docker-content-digest"].flatMap({ Digest($0) }), named != digest {
      throw malformed(session, "it sent other bytes than its digest \(named.short) says")
    }
    if let wanted = reference.digest, wanted != digest {
      throw malformed(session, "it sent other bytes than asked for")
    }
    guard let body = try? JSONValue(parsing: answer.body), body.object != nil else {
      throw malformed(session, "its answer is no manifest")
    }
    let type = body["mediaType"]?.string ?? Self.mediaType(answer)
    if Self.indexTypes.contains(type) || body["manifests"] != nil {
      return try chosen(in: body, platform, session)
    }
    guard Self.manifestTypes.contains(type) || body["config"] != nil else {
      throw malformed(session, "it has a manifest of type '\(type)'")
    }
    return digest
  }

  /// The bytes of the config of the image that a manifest's digest means; of an index, of the platform's.
  /// - Throws: `RegistryError`.
  func config(of reference: ImageReference, manifest: Digest, platform: Platform) async throws -> [UInt8] {
    var session = Session(reference: reference)
    var manifest = try await document(manifest, &session)
    if manifest["manifests"] != nil {
      manifest = try await document(try chosen(in: manifest, platform, session), &session)
    }
    guard let config = manifest["config"]?["digest"]?.string.flatMap({ Digest($0) }) else {
      throw malformed(session, "its manifest names no config")
    }
    return try await verified("blobs/\(config)", config, &session)
  }

  private func document(_ digest: Digest, _ session: inout Session) async throws -> JSONValue {
    let bytes = try await verified("manifests/\(digest)", digest, &session)
    guard let document = try? JSONValue(parsing: bytes), document.object != nil else {
      throw malformed(session, "its answer is no manifest")
    }
    return document
  }

  /// Bytes that have the digest.
  private func verified(_ path: String, _ digest: Digest, _ session: inout Session) async throws -> [UInt8] {
    let answer = try await ask("GET", path, &session)
    guard Digest.sha256(answer.body) == digest else {
      throw malformed(session, "it sent other bytes than asked for")
    }
    return answer.body
  }

  private func chosen(in index: JSONValue, _ platform: Platform, _ session: Session) throws -> Digest {
    let choice = PlatformChoice(platform: platform)
    if let digest = choice.digest(in: index) { return digest }
    let offered = choice.offered(in: index)
    throw RegistryError(
      kind: .malformed, message: "\(session.reference) has no image for \(platform)",
      help: offered.isEmpty ? nil : "it has " + offered.joined(separator: ", "))
  }

  // MARK: - Asking

  /// What is learned on the way: the scheme, and how to log in.
  private struct Session {
    let reference: ImageReference
    var scheme = "https"
    var authorization: String?
    var isAuthorized = false

    init(reference: ImageReference) { self.reference = reference }

    var registry: String { reference.effectiveRegistry }
    var host: String { registry == "docker.io" ? "registry-1.docker.io" : registry }
    func url(_ path: String) -> String { "\(scheme)://\(host)/v2/\(reference.effectiveRepository)/\(path)" }
  }

  private func ask(_ method: String, _ path: String, _ session: inout Session) async throws -> HTTPResponse {
    var attempts = 0
    while true {
      let answer: HTTPResponse
      do {
        answer = try await once(method, path, session)
      } catch let error as TransferError {
        // Registries of this machine may speak plain http, as docker allows it.
        if error.kind == .notTLS || error.kind == .unreachable, session.scheme == "https",
          Loopback.isLoopback(session.registry)
        {
          session.scheme = "http"
          continue
        }
        attempts += 1
        if error.kind == .unreachable && attempts < 2 { continue }
        throw unreachable(session, error)
      }
      if answer.status == 401, !session.isAuthorized {
        session.isAuthorized = true
        session.authorization = try await authorization(answer, session)
        if session.authorization != nil { continue }
      }
      attempts += 1
      if answer.status == 429 || answer.status >= 500, attempts < 3, let wait = Self.wait(answer, attempts) {
        try await clock.sleep(for: wait)
        continue
      }
      // Not every registry knows HEAD: what it says to GET counts.
      if method == "HEAD" && ![401, 403, 404, 429].contains(answer.status) && answer.status < 500 { return answer }
      try check(answer, session)
      return answer
    }
  }

  private func once(_ method: String, _ path: String, _ session: Session) async throws -> HTTPResponse {
    var request = HTTPRequest(method, session.url(path))
    if path.hasPrefix("manifests/") {
      request.headers.append(("Accept", (Self.manifestTypes + Self.indexTypes).joined(separator: ", ")))
    }
    if let authorization = session.authorization { request.headers.append(("Authorization", authorization)) }
    return try await perform(request)
  }

  /// Nil when it asks for more patience than we have.
  private static func wait(_ answer: HTTPResponse, _ attempt: Int) -> Duration? {
    guard let text = answer["retry-after"] else { return .milliseconds(500 * attempt) }
    guard let seconds = Int(text), (0...patience).contains(seconds) else { return nil }
    return .seconds(seconds)
  }

  private static func mediaType(_ answer: HTTPResponse) -> String {
    let type = answer["content-type"]?.split(separator: ";").first ?? ""
    return type.filter { !$0.isWhitespace }.lowercased()
  }

  // MARK: - Logging in

  /// The value of `Authorization` for the next request; nil when there is nothing to log in with.
  private func authorization(_ answer: HTTPResponse, _ session: Session) async throws -> String? {
    let challenges = answer.all("www-authenticate").compactMap(AuthenticationChallenge.init)
    let credential = try await credentials(session.reference)
    if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
      return "Bearer " + (try await token(bearer, credential, session))
    }
    guard challenges.contains(where: { $0.scheme == "basic" }), case .password(let user, let password)? = credential
    else { return nil }
    return Self.basic(user, password)
  }

  private static func basic(_ user: String, _ password: String) -> String {
    "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
  }

  private func token(
    _ challenge: AuthenticationChallenge, _ credential: Credential?, _ session: Session
  ) async throws -> String {
    guard let realm = challenge.parameters["realm"],
      realm.hasPrefix("https://") || realm.hasPrefix("http://") && session.scheme == "http"
    else { throw malformed(session, "it asks to log in at a place that is not safe") }
    let scope = challenge.parameters["scope"] ?? "repository:\(session.reference.effectiveRepository):pull"
    let service = challenge.parameters["service"] ?? session.host
    let fields = [("service", service), ("scope", scope)]
    var request: HTTPRequest
    if case .identity(let token)? = credential {
      request = HTTPRequest("POST", realm)
      let more = [("grant_type", "refresh_token"), ("client_id", "coppice"), ("refresh_token", token)]
      request.body = Array(Self.form(fields + more).utf8)
      request.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    } else {
      request = HTTPRequest("GET", realm + (realm.contains("?") ? "&" : "?") + Self.form(fields))
      if case .password(let user, let password)? = credential {
        request.headers.append(("Authorization", Self.basic(user, password)))
      }
    }
    let answer: HTTPResponse
    do {
      answer = try await perform(request)
    } catch let error as TransferError {
      throw unreachable(session, error)
    }
    try check(answer, session)
    let body = try? JSONValue(parsing: answer.body)
    guard let token = body?["token"]?.string ?? body?["access_token"]?.string,
      token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
    else { throw malformed(session, "its token server gave no token") }
    return token
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

  // MARK: - Faults

  private func check(_ answer: HTTPResponse, _ session: Session) throws {
    let (reference, registry) = (session.reference, session.registry)
    switch answer.status {
    case 200: return
    case 401, 403:
      throw RegistryError(
        kind: .denied, message: "\(registry) denies access to \(reference)\(Self.words(answer))",
        help: "check its name; when it is private, log in with `docker login \(registry)` or your engine's login")
    case 404:
      throw RegistryError(
        kind: .notFound, message: "\(registry) has no \(reference)", help: "check its name and tag")
    case 429:
      let wait = answer["retry-after"].flatMap { Int($0) }.map { "in \($0) seconds" } ?? "later"
      throw RegistryError(
        kind: .busy, message: "\(registry) was asked too often for \(reference)",
        help: "try again \(wait), or log in to be allowed more")
    case 500...:
      throw RegistryError(
        kind: .busy, message: "\(registry) has trouble (HTTP \(answer.status)) with \(reference)\(Self.words(answer))",
        help: "try again later")
    default:
      throw malformed(session, "it answered HTTP \(answer.status)\(Self.words(answer))")
    }
  }

  private func malformed(_ session: Session, _ words: String) -> RegistryError {
    RegistryError(
      kind: .malformed, message: "\(session.registry) cannot be understood about \(session.reference): \(words)",
      help: "is it a registry?")
  }

  private func unreachable(_ session: Session, _ error: TransferError) -> RegistryError {
    let help =
      error.kind == .certificate
      ? "add its certificate to the system's, or name it in SSL_CERT_FILE" : "check the network and the proxy"
    return RegistryError(kind: .unreachable, message: "\(session.registry) cannot be reached: \(error)", help: help)
  }

  /// The registry's own words, if they are short and plain.
  private static func words(_ answer: HTTPResponse) -> String {
    guard let body = try? JSONValue(parsing: answer.body),
      let message = body["errors"]?[0]?["message"]?.string, !message.isEmpty
    else { return "" }
    return ": " + String(message.prefix(200).filter { !$0.isNewline })
  }
}
