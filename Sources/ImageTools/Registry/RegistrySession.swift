import ContentStore
import HostSystem
import ImageModel

/// A conversation with a registry about one repository: what is learned on the way is how to speak and to log in.
struct RegistrySession {
  private var endpoint: RegistryEndpoint
  private let transfer: RetryingTransfer
  private let login: RegistryLogin
  private let limits: TimeLimits
  private let scope: RegistryScope
  private let plain: Locked<Set<String>>
  private var authorization: String?

  init(
    _ reference: ImageReference, transfer: RetryingTransfer, login: RegistryLogin, limits: TimeLimits,
    plain: Locked<Set<String>>, scope: RegistryScope = .pull
  ) {
    (self.transfer, self.login, self.limits, self.scope) = (transfer, login, limits, scope)
    self.plain = plain
    endpoint = RegistryEndpoint(reference)
    if plain.withLock({ [registry = endpoint.registry] in $0.contains(registry) }) { endpoint.scheme = "http" }
    authorization = login.lastAuthorization(to: endpoint, for: scope)
  }

  var reference: ImageReference { endpoint.reference }
  /// Where a path below the repository lies, as it was found out so far.
  func url(_ path: String) -> String { endpoint.url(path) }

  /// The answer, whatever its status.
  /// - Parameters:
  ///   - path: below the repository: `manifests/24.04`.
  ///   - limit: more bytes than this are an error.
  ///   - body: gets what is still missing of a blob, which may take any time and be of any size.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  mutating func ask(
    _ method: String, _ path: String, accept: [String] = [], limit: Int = ManifestDocument.limit,
    into body: BlobBody? = nil
  ) async throws -> HTTPResponse {
    try await answer {
      var request = HTTPRequest(method, $0.url(path))
      request.limit = limit
      if let body {
        (request.sink, request.limits.total) = (body, .zero)
        if body.received > 0 { request.headers.append(("Range", "bytes=\(body.received)-")) }
      }
      if !accept.isEmpty { request.headers.append(("Accept", accept.joined(separator: ", "))) }
      return request
    }
  }

  /// The answer to a request, whatever its status.
  /// - Parameter request: made anew when it must be made again; its time limits are the session's, but a total of zero,
  ///   which stays.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  mutating func answer(to make: (RegistryEndpoint) -> HTTPRequest) async throws -> HTTPResponse {
    var hasLoggedIn = false
    while true {
      var request = make(endpoint)
      let isUnlimited = request.limits.total == .zero
      request.limits = limits
      if isUnlimited { request.limits.total = .zero }
      // Who has received gigabytes may need minutes to put them away before he answers.
      if isUnlimited, request.body != nil { request.limits.stall = .seconds(600) }
      // A registry may send us elsewhere to upload; what lets us in there is in that address.
      if let authorization, endpoint.isAt(request.url) { request.headers.append(("Authorization", authorization)) }
      let answer: HTTPResponse
      do {
        answer = try await transfer.answer(to: request)
      } catch let error as TransferError {
        if endpoint.scheme == "https", endpoint.allowsPlainHTTP,
          error.kind == .notTLS || error.kind == .unreachable && !endpoint.hasPort
        {
          endpoint.scheme = "http"
          // Who does not speak TLS at a port will not speak it there later.
          if error.kind == .notTLS { plain.withLock { [registry = endpoint.registry] in _ = $0.insert(registry) } }
          continue
        }
        throw RegistryError(error, from: endpoint.registry, about: reference)
      }
      // A token that has run out is asked for again, once. Where one was led to says nothing of where to log in.
      guard answer.status == 401, !hasLoggedIn, endpoint.isAt(request.url), !answer.isRedirected else { return answer }
      hasLoggedIn = true
      guard let value = try await login.authorization(for: answer, to: endpoint, for: scope) else { return answer }
      authorization = value
    }
  }

  /// Bytes that have the digest.
  /// - Throws: as `ask`.
  mutating func bytes(_ path: String, digest: Digest, accept: [String] = [], limit: Int) async throws -> HTTPResponse {
    let answer = try await ask("GET", path, accept: accept, limit: limit)
    guard answer.status == 200 else { throw RegistryError(answer, about: reference) }
    guard Digest.sha256(answer.body) == digest else {
      throw RegistryError(malformed: "it sent other bytes than \(digest.short) names", about: reference, help: nil)
    }
    return answer
  }
}
