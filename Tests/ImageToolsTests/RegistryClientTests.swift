import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// A registry made of a function, with a clock that does not wait.
private struct ScriptedRegistry {
  let log = Locked<[HTTPRequest]>([])
  var credential: Credential?
  var answer: @Sendable (HTTPRequest) throws -> HTTPResponse

  func client() -> RegistryClient {
    let (log, answer, credential) = (log, answer, credential)
    return RegistryClient(
      perform: { request in
        log.withLock { $0.append(request) }
        return try answer(request)
      }, credentials: { _ in credential }, clock: NoWait())
  }

  var requests: [HTTPRequest] { log.withLock { $0 } }
}

private struct NoWait: Clock {
  typealias Instant = ContinuousClock.Instant
  var now: Instant { ContinuousClock.now }
  var minimumResolution: Duration { .zero }
  func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}

private let platform = Platform(os: "linux", architecture: "amd64")
private let one = Digest.sha256("one")
private let two = Digest.sha256("two")
private let manifestType = "application/vnd.docker.distribution.manifest.v2+json"
private let indexType = "application/vnd.oci.image.index.v1+json"

private func answer(_ status: Int, _ headers: [(String, String)] = [], _ body: String = "") -> HTTPResponse {
  HTTPResponse(status: status, headers: headers.map { (name: $0, value: $1) }, body: Array(body.utf8))
}

@Suite struct RegistryClientTests {
  private func digest(_ name: String, _ registry: ScriptedRegistry) async throws -> Digest {
    try await registry.client().manifestDigest(of: try ImageReference(name), platform: platform)
  }

  @Test func aHeadIsEnoughForAManifest() async throws {
    let registry = ScriptedRegistry { _ in
      answer(200, [("docker-content-digest", one.description), ("content-type", manifestType + "; charset=utf-8")])
    }
    #expect(try await digest("ubuntu:24.04", registry) == one)
    #expect(registry.requests.map(\.url) == ["https://registry-1.docker.io/v2/library/ubuntu/manifests/24.04"])
    #expect(registry.requests.map(\.method) == ["HEAD"])
  }

  @Test(arguments: [("amd64", one), ("arm64", two)]) func anIndexIsAskedForThePlatform(
    _ architecture: String, _ expected: Digest
  )
    async throws
  {
    let index = """
      {"mediaType":"\(indexType)","manifests":[
        {"digest":"sha256:\(String(repeating: "0", count: 64))","platform":{"os":"unknown","architecture":"unknown"}},
        {"digest":"\(two)","platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
        {"digest":"\(one)","platform":{"os":"linux","architecture":"amd64"}}]}
      """
    let registry = ScriptedRegistry { request in
      answer(
        200, [("docker-content-digest", Digest.sha256(index).description), ("content-type", indexType)],
        request.method == "GET" ? index : "")
    }
    let found = try await registry.client().manifestDigest(
      of: try ImageReference("r.example/x:1"), platform: Platform(os: "linux", architecture: architecture))
    #expect(found == expected)
    await #expect {
      _ = try await registry.client().manifestDigest(
        of: try ImageReference("r.example/x:1"), platform: Platform(os: "linux", architecture: "s390x"))
    } throws: {
      ($0 as? RegistryError)?.help == "it has linux/arm64/v8, linux/amd64"
    }
  }

  @Test func bytesThatAreNotTheDigestAreRefused() async throws {
    let registry = ScriptedRegistry { _ in
      answer(200, [("docker-content-digest", one.description), ("content-type", indexType)], "{}")
    }
    await #expect(throws: RegistryError.self) { _ = try await digest("r.example/x:1", registry) }
  }

  @Test func aTokenIsFetchedWithTheScopeAndThePasswordGoesToTheRealmOnly() async throws {
    let registry = ScriptedRegistry(credential: .password(user: "me", password: "secret")) { request in
      if request.url.hasPrefix("https://auth.example/token?service=reg&scope=repository%3Ateam%2Fx%3Apull") {
        return answer(200, [], #"{"token":"abc"}"#)
      }
      guard request.headers.contains(where: { $0 == ("Authorization", "Bearer abc") }) else {
        return answer(
          401,
          [
            (
              "www-authenticate",
              #"Bearer realm="https://auth.example/token",service="reg",scope="repository:team/x:pull""#
            )
          ])
      }
      return answer(200, [("docker-content-digest", one.description), ("content-type", manifestType)])
    }
    #expect(try await digest("r.example/team/x:1", registry) == one)
    let withPassword = registry.requests.filter { request in
      request.headers.contains { $0.value == "Basic bWU6c2VjcmV0" }
    }
    #expect(withPassword.map { $0.url.prefix(21) } == ["https://auth.example/"])
  }

  @Test func noPasswordGoesOverPlainHTTPToAnotherPlace() async throws {
    for realm in [
      "http://evil.example/token", "http://127.0.0.1@evil.example/", "http://127.0.0.1.evil.example/", "ftp://a/",
      "//a/",
      #"http://127.0.0.1\\@evil.example/"#,
    ] {
      for name in ["r.example/x:1", "127.0.0.1:5000/x:1"] {
        let registry = ScriptedRegistry(credential: .password(user: "me", password: "secret")) { request in
          if request.url.hasPrefix("https://127") { throw TransferError(kind: .notTLS, text: "wrong version number") }
          return answer(401, [("www-authenticate", #"Bearer realm="\#(realm)",service="reg""#)])
        }
        await #expect(throws: RegistryError.self) { _ = try await digest(name, registry) }
        #expect(registry.requests.allSatisfy { $0.url.contains("/v2/x/manifests/1") }, "\(realm)")
      }
    }
  }

  @Test(arguments: [(401, "denies"), (403, "denies"), (404, "has no"), (418, "HTTP 418"), (500, "HTTP 500")])
  func everyRefusalIsSaidInWords(_ status: Int, _ words: String) async throws {
    let registry = ScriptedRegistry { _ in answer(status, [("content-type", "text/html")], "<html>") }
    await #expect { _ = try await digest("r.example/x:1", registry) } throws: {
      ($0 as? RegistryError)?.message.contains(words) == true
    }
  }

  @Test func aBusyRegistryIsAskedAgainButNotForMinutes() async throws {
    let count = Locked(0)
    let patient = ScriptedRegistry { _ in
      let attempt = count.withLock { count -> Int in
        count += 1
        return count
      }
      return attempt < 3
        ? answer(429, [("retry-after", "2")])
        : answer(200, [("docker-content-digest", one.description), ("content-type", manifestType)])
    }
    #expect(try await digest("r.example/x:1", patient) == one)
    let impatient = ScriptedRegistry { _ in answer(429, [("retry-after", "3600")]) }
    await #expect { _ = try await digest("r.example/x:1", impatient) } throws: {
      ($0 as? RegistryError)?.help?.contains("3600 seconds") == true
    }
    #expect(impatient.requests.count == 1)
  }

  @Test func anIdentityTokenIsPostedAndARegistryTokenIsUsedAsItIs() async throws {
    let realm = "https://auth.example/token"
    func registry(_ credential: Credential) -> ScriptedRegistry {
      ScriptedRegistry(credential: credential) { request in
        if request.url == realm { return answer(200, [], #"{"token":"","access_token":"abc"}"#) }
        guard request.headers.contains(where: { $0 == ("Authorization", "Bearer abc") }) else {
          return answer(401, [("www-authenticate", #"Basic realm="b", Bearer realm="\#(realm)",service="reg""#)])
        }
        return answer(200, [("docker-content-digest", one.description), ("content-type", manifestType)])
      }
    }
    let identity = registry(.identity("refresh"))
    #expect(try await digest("r.example/x:1", identity) == one)
    let posted = identity.requests.first { $0.method == "POST" }
    guard case .bytes(let body)? = posted?.body else {
      Issue.record("the identity is posted")
      return
    }
    #expect(String(decoding: body, as: UTF8.self).contains("refresh_token=refresh"))
    #expect(!identity.requests.contains { $0.url.contains("refresh") })
    let token = registry(.token("abc"))
    #expect(try await digest("r.example/x:1", token) == one)
    #expect(token.requests.count == 2)
  }

  @Test func plainHTTPIsForLoopbackOnly() async throws {
    for (name, expected) in [
      ("127.0.0.1:5000/x:1", ["https", "http"]), ("localhost/x:1", ["https", "http"]), ("r.example/x:1", ["https"]),
    ] {
      let registry = ScriptedRegistry { request in
        if request.url.hasPrefix("https:") { throw TransferError(kind: .notTLS, text: "wrong version number") }
        return answer(200, [("docker-content-digest", one.description), ("content-type", manifestType)])
      }
      _ = try? await digest(name, registry)
      #expect(registry.requests.map { $0.url.split(separator: ":")[0] } == expected.map { Substring($0) })
    }
  }
}
