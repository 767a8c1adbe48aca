import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import ImageTools

/// Registries, and what stands before them, that let uploads down.
@Suite struct RegistryPushFaultTests {
  private struct NoWait: Clock {
    typealias Instant = ContinuousClock.Instant
    var now: Instant { ContinuousClock.now }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
  }

  private let reference = ImageReference(registry: "r.example", repository: "team/x")
  private let blob = Array((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
  private let manifest = Array("{}".utf8)

  private func client(_ perform: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) -> RegistryClient {
    RegistryClient(perform: perform, credentials: { _ in .password(user: "me", password: "secret") }, clock: NoWait())
  }

  private func push(_ client: RegistryClient) async throws {
    _ = try await client.push(
      .sha256(blob), from: MemoryFile(blob, path: "blob"), to: reference, mounting: ["team/base"], pieceSize: 100)
    try await client.put(manifest, "application/x", as: "1", of: reference)
  }

  /// Each token is good for a few requests; a blob in pieces needs many.
  @Test(arguments: [1, 2, 3, 5]) func tokensThatRunOutInTheMiddleAreRenewed(uses: Int) async throws {
    let registry = PlayedRegistry()
    let state = Locked((tokens: 0, left: 0, scopes: Set<String>()))
    let client = client { request in
      if request.url.hasPrefix("https://auth.example") {
        let number = state.withLock { state in
          state = (state.tokens + 1, uses, state.scopes.union([request.url]))
          return state.tokens
        }
        return HTTPResponse(status: 200, body: Array(#"{"token":"t\#(number)"}"#.utf8))
      }
      let isGood = state.withLock { state in
        guard request.headers.contains(where: { $0 == ("Authorization", "Bearer t\(state.tokens)") }), state.left > 0
        else { return false }
        state.left -= 1
        return true
      }
      guard isGood else {
        let challenge = #"Bearer realm="https://auth.example/token",service="s""#
        return HTTPResponse(status: 401, headers: [("www-authenticate", challenge)])
      }
      return try registry.perform(request)
    }
    try await push(client)
    #expect(registry.blob(.sha256(blob), in: "team/x") == blob)
    #expect(registry.manifest("1", in: "team/x") == manifest)
    let (tokens, _, scopes) = state.withLock { $0 }
    #expect(tokens > 10 / uses)
    #expect(
      scopes.contains { $0.contains("repository%3Ateam%2Fx%3Apull%2Cpush&scope=repository%3Ateam%2Fbase%3Apull") })
  }

  /// Whatever it says to let us in, one try is enough.
  @Test(arguments: ["Basic realm=x", #"Bearer realm="https://auth.example/token""#])
  func whoIsNeverContentIsNotAskedForEver(challenge: String) async throws {
    let count = Locked(0)
    let client = client { request in
      count.withLock { $0 += 1 }
      if request.url.hasPrefix("https://auth.example") {
        return HTTPResponse(status: 200, body: Array(#"{"token":"t"}"#.utf8))
      }
      return HTTPResponse(status: 401, headers: [("www-authenticate", challenge)])
    }
    await #expect { try await push(client) } throws: { ($0 as? RegistryError)?.kind == .denied }
    await #expect { try await client.put(manifest, "application/x", as: "1", of: reference) } throws: {
      ($0 as? RegistryError)?.kind == .denied
    }
    #expect(count.withLock { $0 } <= 6)
  }

  /// A proxy's own page in the place of an answer: nothing counts as sent, and nobody is shown the page.
  @Test(arguments: [200, 203, 301, 401, 403, 404, 413, 418, 500, 502, 503])
  func pagesOfProxiesAreNoAnswers(_ status: Int) async throws {
    for method in ["POST", "PATCH", "PUT", "all"] {
      let registry = PlayedRegistry()
      let client = client { request in
        guard method == "all" || request.method == method else { return try registry.perform(request) }
        let page = "<html><h1>Welcome</h1><script>alert(1)</script>"
        let headers = [(name: "content-type", value: "text/html")]
        return HTTPResponse(status: status, headers: headers, body: Array(page.utf8))
      }
      await #expect {
        try await push(client)
      } throws: { error in
        let words = (error as? RegistryError).map { $0.message + ($0.help ?? "") } ?? ""
        return !words.isEmpty && !words.contains("<")
      }
      #expect(registry.manifest("1", in: "team/x") == nil, "\(method)")
    }
  }

  /// What is sent goes nowhere else: neither the bytes nor what lets us in.
  @Test(arguments: [301, 302, 307, 308]) func uploadsAreNotRedirected(_ status: Int) async throws {
    let elsewhere = try LoopbackServer { LoopbackServer.answer(201, to: $0) }
    let other = elsewhere.name
    let server = try LoopbackServer { request in
      if request.method == "HEAD" { return LoopbackServer.answer(404, to: request) }
      return LoopbackServer.answer(status, [("Location", "http://\(other)\(request.target)")], to: request)
    }
    let transfer = CurlTransfer(environment: [:])
    let client = client { try await transfer.perform($0) }
    let reference = try ImageReference("\(server.name)/team/x")
    let file = MemoryFile(blob, path: "blob")
    await #expect(throws: RegistryError.self) { _ = try await client.push(.sha256(blob), from: file, to: reference) }
    await #expect(throws: RegistryError.self) {
      try await client.put(manifest, "application/x", as: "1", of: reference)
    }
    #expect(elsewhere.requests.isEmpty)
  }
}
