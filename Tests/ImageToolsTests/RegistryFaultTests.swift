import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

private let amd64 = Platform(os: "linux", architecture: "amd64")
private let manifestType = "application/vnd.oci.image.manifest.v1+json"
private let indexType = "application/vnd.oci.image.index.v1+json"
private let zeros = "sha256:" + String(repeating: "0", count: 64)
private let manifest = #"{"schemaVersion":2,"config":{"digest":"\#(zeros)"},"layers":[]}"#

private typealias Request = LoopbackServer.Request
private typealias Action = LoopbackServer.Action

/// Waits for nothing, and counts for how long it would have.
private final class CountingClock: Clock, Sendable {
  typealias Instant = ManualClock.Instant
  let slept = Locked<[Duration]>([])
  var now: Instant { ManualClock().now }
  var minimumResolution: Duration { .zero }
  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    slept.withLock { $0.append(deadline.offset) }
  }
}

/// The real client and a sick registry on the loopback.
@Suite struct RegistryFaultTests {
  private struct Outcome {
    var digest: Digest?
    var error: RegistryError?
    var requests: [Request]
    var slept: [Duration]
    var notes: [String]
  }

  private func ask(
    _ name: String = "x:1", credential: Credential? = nil, limits: TimeLimits = TimeLimits(),
    _ answer: @escaping @Sendable (Request) -> [Action]
  ) async throws -> Outcome {
    let server = try LoopbackServer(answer: answer)
    let (clock, notes) = (CountingClock(), Locked<[String]>([]))
    let transfer = CurlTransfer(environment: [:])
    let client = RegistryClient(
      perform: { try await transfer.perform($0) }, credentials: { _ in credential }, clock: clock, limits: limits,
      note: { text in notes.withLock { $0.append(text) } })
    var outcome = Outcome(requests: [], slept: [], notes: [])
    do {
      outcome.digest = try await client.manifestDigest(
        of: try ImageReference("\(server.name)/\(name)"), platform: amd64)
    } catch let error as RegistryError {
      outcome.error = error
    }
    outcome.requests = server.requests
    outcome.slept = clock.slept.withLock { $0 }
    outcome.notes = notes.withLock { $0 }
    return outcome
  }

  /// HEAD knows nothing, GET says this.
  private func get(_ body: String, _ type: String, _ headers: [(String, String)] = []) async throws -> Outcome {
    try await ask { request in
      LoopbackServer.answer(200, [("Content-Type", type)] + headers, body, to: request)
    }
  }

  // MARK: - What it does

  @Test func withoutADigestTheManifestIsFetchedAndHashed() async throws {
    let outcome = try await get(manifest, manifestType)
    #expect(outcome.digest == Digest.sha256(manifest), "\(outcome)")
    #expect(outcome.requests.map(\.method) == ["HEAD", "GET"])
    #expect(outcome.requests.allSatisfy { $0.headers["accept"]?.contains(indexType) == true })
  }

  @Test func aDigestOfAnotherAlgorithmIsNoReasonToTrust() async throws {
    let sha512 = "sha512:" + String(repeating: "a", count: 128)
    let outcome = try await get(manifest, manifestType, [("Docker-Content-Digest", sha512)])
    #expect(outcome.digest == Digest.sha256(manifest), "\(outcome)")
  }

  @Test(arguments: [405, 400, 501]) func aRegistryWithoutHEADIsAskedWithGET(_ status: Int) async throws {
    let outcome = try await ask { request in
      request.method == "HEAD"
        ? LoopbackServer.answer(status, to: request)
        : LoopbackServer.answer(200, [("Content-Type", manifestType)], manifest, to: request)
    }
    #expect(outcome.digest == Digest.sha256(manifest), "\(outcome)")
  }

  // MARK: - What it refuses

  struct Refusal: Sendable, CustomTestStringConvertible {
    var body: String
    var type: String
    var headers: [(String, String)] = []
    var words: String
    var help: String?
    var testDescription: String { words }
  }

  @Test(arguments: [
    Refusal(
      body: "<html>Welcome</html>", type: "text/html", words: "no manifest (text/html)", help: "is it a registry?"),
    Refusal(body: "", type: manifestType, words: "no manifest"),
    Refusal(body: "[]", type: manifestType, words: "no manifest"),
    Refusal(body: "{}", type: manifestType, words: "neither a manifest nor an index"),
    Refusal(body: #"{"manifests":[],"config":{}}"#, type: indexType, words: "neither a manifest nor an index"),
    Refusal(body: manifest, type: indexType, words: "neither a manifest nor an index"),
    Refusal(body: #"{"layers":[]}"#, type: manifestType, words: "names no config"),
    Refusal(
      body: #"{"schemaVersion":1,"fsLayers":[]}"#, type: "application/vnd.docker.distribution.manifest.v1+prettyjws",
      words: "manifest schema 1", help: "push the image again"),
    Refusal(
      body: manifest, type: manifestType, headers: [("Docker-Content-Digest", zeros.replacing("sha256:0", with: "x"))],
      words: ""),
    Refusal(
      body: #"{"manifests":[{"digest":"\#(zeros)","platform":{"os":"linux","architecture":"s390x"}}]}"#,
      type: indexType,
      words: "has no image for linux/amd64", help: "it has linux/s390x"),
    Refusal(
      body: manifest.replacing("sha256:", with: "sha512:"), type: manifestType,
      words: "in its manifest 'sha512:", help: nil),
    Refusal(
      body: #"{"manifests":[{"digest":"\#(zeros.replacing("sha256", with: "sha512"))","platform":{"os":"linux"}}]}"#,
      type: indexType, words: "has no image for linux/amd64",
      help: "in its index 'sha512:000000000000…' is not a SHA-256 digest"),
    Refusal(
      body: #"{"manifests":[]}"#, type: indexType, words: "has no image for linux/amd64", help: "names no image at all"),
    Refusal(
      body: #"{"manifests":[],"x":"\#(String(repeating: "x", count: 4 << 20))"}"#, type: indexType,
      words: "over 4194304 bytes"),
  ])
  func whatIsNoImageIsNamed(_ refusal: Refusal) async throws {
    let outcome = try await get(refusal.body, refusal.type, refusal.headers)
    guard !refusal.words.isEmpty else {
      #expect(outcome.digest == Digest.sha256(refusal.body), "a digest that is none is passed over")
      return
    }
    #expect(outcome.error?.kind == .malformed, "\(outcome)")
    #expect(outcome.error?.message.contains(refusal.words) == true, "\(outcome)")
    if let help = refusal.help { #expect(outcome.error?.help?.contains(help) == true, "\(outcome)") }
  }

  @Test func otherBytesThanTheDigestAreRefused() async throws {
    let outcome = try await ask { request in
      request.method == "HEAD"
        ? LoopbackServer.answer(200, to: request)
        : LoopbackServer.answer(
          200, [("Content-Type", manifestType), ("Docker-Content-Digest", zeros)], manifest, to: request)
    }
    #expect(outcome.error?.message.contains("other bytes than 000000000000 names") == true, "\(outcome)")
  }

  @Test func anIndexInAnIndexIsOpened() async throws {
    let inner = #"{"manifests":[{"digest":"\#(zeros)","platform":{"os":"linux","architecture":"amd64"}}]}"#
    func outer(_ inner: Digest) -> String { #"{"manifests":[{"mediaType":"\#(indexType)","digest":"\#(inner)"}]}"# }
    let (nested, endless) = (outer(.sha256(inner)), outer(.sha256("endless")))
    let outcome = try await ask { request in
      let body = request.target.hasSuffix("/1") ? nested : inner
      return LoopbackServer.answer(200, [("Content-Type", indexType)], body, to: request)
    }
    #expect(outcome.digest?.description == zeros, "\(outcome)")
    let wrong = try await ask { request in
      LoopbackServer.answer(200, [("Content-Type", indexType)], endless, to: request)
    }
    #expect(wrong.error?.message.contains("other bytes") == true, "\(wrong)")
  }

  // MARK: - Patience

  @Test(arguments: [500, 502, 503, 504, 429, 408]) func troubleIsWaitedForWithGrowingPauses(_ status: Int) async throws
  {
    let outcome = try await ask { LoopbackServer.answer(status, to: $0) }
    #expect(outcome.requests.count == 4, "\(outcome)")
    #expect(outcome.slept == [.milliseconds(500), .seconds(1), .seconds(2)])
    #expect(outcome.error?.kind == .busy)
    #expect(outcome.notes == [])
  }

  @Test func troubleThatPassesIsNone() async throws {
    let count = Locked(0)
    let outcome = try await ask { request in
      let number = count.withLock { count -> Int in
        count += 1
        return count
      }
      if number == 1 { return LoopbackServer.answer(503, [("Retry-After", "7")], to: request) }
      // A broken connection in the middle of the answer.
      if number == 2 { return [.send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n"), .reset] }
      let headers = [("Content-Type", manifestType), ("Docker-Content-Digest", zeros)]
      return LoopbackServer.answer(200, headers, to: request)
    }
    #expect(outcome.digest?.description == zeros, "\(outcome)")
    #expect(outcome.requests.count == 3)
    #expect(outcome.slept == [.seconds(7), .seconds(1)])
    #expect(outcome.notes.count == 1 && outcome.notes[0].contains("asks to wait 7 seconds (HTTP 503)"), "\(outcome)")
  }

  @Test func aDateCountsByTheServersOwnClock() async throws {
    let outcome = try await ask { request in
      LoopbackServer.answer(
        429,
        [("Date", "Thu, 31 Dec 1998 23:59:50 GMT"), ("Retry-After", "Fri, 01 Jan 1999 00:00:05 GMT")], to: request)
    }
    #expect(outcome.slept == [.seconds(15), .seconds(15), .seconds(15)], "\(outcome)")
    #expect(outcome.error?.help?.contains("in 15 seconds") == true)
  }

  @Test func nobodyWaitsForAnHour() async throws {
    let outcome = try await ask { LoopbackServer.answer(429, [("Retry-After", "3600")], to: $0) }
    #expect(outcome.requests.count == 1)
    #expect(outcome.slept == [])
    #expect(outcome.error?.message.contains("asked too often") == true, "\(outcome)")
    #expect(outcome.error?.help?.contains("in 3600 seconds") == true)
  }

  @Test func aConnectionThatBreaksInTheBodyIsTriedAgain() async throws {
    let outcome = try await ask { request in
      if request.method == "HEAD" { return LoopbackServer.answer(200, to: request) }
      return [.send("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"), .reset]
    }
    #expect(outcome.requests.count == 5, "\(outcome)")
    #expect(outcome.error?.kind == .unreachable)
    #expect(outcome.error?.message.contains("cannot be reached") == true, "\(outcome)")
  }

  @Test func nobodyThereIsTriedTwice() async throws {
    let server = try LoopbackServer { _ in [] }
    let name = server.name
    server.stop()
    let clock = CountingClock()
    let transfer = CurlTransfer(environment: [:])
    let client = RegistryClient(
      perform: { try await transfer.perform($0) }, credentials: { _ in nil }, clock: clock)
    await #expect {
      _ = try await client.manifestDigest(of: try ImageReference("\(name)/x:1"), platform: amd64)
    } throws: {
      ($0 as? RegistryError)?.message.contains("\(name) cannot be reached") == true
    }
    #expect(clock.slept.withLock { $0 } == [.milliseconds(500)])
  }

  @Test(
    arguments: [
      [LoopbackServer.Action.pause(.seconds(20))],
      [.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), .pause(.seconds(20))],
      [.trickle("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 100), .milliseconds(100))],
    ] as [[LoopbackServer.Action]])
  func whoIsTooSlowIsLeft(_ actions: [LoopbackServer.Action]) async throws {
    let limits = TimeLimits(stall: .seconds(1), total: .seconds(2))
    let outcome = try await ask(limits: limits) { _ in actions }
    // HEAD ends with the headers: then it is GET that is too slow.
    let methods = outcome.requests.map(\.method)
    #expect(Set(methods).count == methods.count, "who has used up the time is not asked again")
    #expect(outcome.error?.kind == .busy, "\(outcome)")
    #expect(outcome.error?.message.contains("did not answer about") == true, "\(outcome)")
  }

  @Test func aWelcomeOfAnotherProtocolIsNoAnswer() async throws {
    let outcome = try await ask { _ in [.send("220 mail.example ESMTP\r\n")] }
    #expect(outcome.error != nil, "\(outcome)")
    #expect(outcome.requests.count == 1)
  }

  @Test func endlessHeadersAndRedirectionsEnd() async throws {
    let headers = try await ask { _ in
      [.send("HTTP/1.1 200 OK\r\n" + String(repeating: "A: \(String(repeating: "b", count: 1000))\r\n", count: 2000))]
    }
    #expect(headers.error != nil, "\(headers)")
    let circle = try await ask { LoopbackServer.answer(307, [("Location", $0.target)], to: $0) }
    #expect(circle.error?.kind == .malformed, "\(circle)")
    #expect(circle.requests.count == 6)
  }

  // MARK: - Who gets credentials

  @Test func credentialsDoNotFollowToAnotherServer() async throws {
    let other = try LoopbackServer { request in
      LoopbackServer.answer(
        200, [("Content-Type", manifestType), ("Docker-Content-Digest", zeros)], to: request)
    }
    let elsewhere = other.name
    let outcome = try await ask(credential: .password(user: "me", password: "secret")) { request in
      guard request.headers["authorization"] != nil else {
        return LoopbackServer.answer(401, [("WWW-Authenticate", #"Basic realm="r""#)], to: request)
      }
      return LoopbackServer.answer(307, [("Location", "http://\(elsewhere)/blob")], to: request)
    }
    #expect(outcome.digest?.description == zeros, "\(outcome)")
    #expect(outcome.requests.map { $0.headers["authorization"] } == [nil, "Basic bWU6c2VjcmV0"])
    #expect(other.requests.map { $0.headers["authorization"] } == [nil])
  }

  @Test(arguments: [401, 403, 500, 429, 200, 302]) func aTokenServerThatGivesNoneIsNamed(_ status: Int) async throws {
    let server = try LoopbackServer { request in
      LoopbackServer.answer(status, [("Location", "http://127.0.0.1:1/")], "<html>", to: request)
    }
    let realm = "http://\(server.name)/token"
    let outcome = try await ask(credential: .password(user: "me", password: "s3cr3t")) { request in
      LoopbackServer.answer(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="s""#)], to: request)
    }
    #expect(outcome.error != nil, "\(outcome)")
    #expect(outcome.error?.message.contains(status == 302 ? "127.0.0.1" : server.name) == true, "\(outcome)")
    #expect(outcome.error?.message.contains("s3cr3t") == false)
    #expect(server.requests.count == (status == 500 || status == 429 ? 4 : status == 302 ? 2 : 1))
    #expect(outcome.requests.count == 1)
  }

  @Test func aHugeTokenIsNoToken() async throws {
    let server = try LoopbackServer { request in
      LoopbackServer.answer(200, [], #"{"token":"\#(String(repeating: "x", count: 2 << 20))"}"#, to: request)
    }
    let realm = "http://\(server.name)/token"
    let outcome = try await ask { request in
      LoopbackServer.answer(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)""#)], to: request)
    }
    #expect(outcome.error?.message.contains("over 1048576 bytes") == true, "\(outcome)")
  }

  @Test func aTokenThatRunsOutIsAskedForAgain() async throws {
    let tokens = Locked(0)
    let server = try LoopbackServer { request in
      let number = tokens.withLock { tokens -> Int in
        tokens += 1
        return tokens
      }
      return LoopbackServer.answer(200, [], #"{"access_token":"t\#(number)"}"#, to: request)
    }
    let realm = "http://\(server.name)/token"
    let outcome = try await ask { request in
      // The first token is good for the HEAD alone.
      let isGood = request.headers["authorization"] == (request.method == "HEAD" ? "Bearer t1" : "Bearer t2")
      guard isGood else {
        return LoopbackServer.answer(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="s""#)], to: request)
      }
      return LoopbackServer.answer(200, [("Content-Type", manifestType)], manifest, to: request)
    }
    #expect(outcome.digest == Digest.sha256(manifest), "\(outcome)")
    #expect(outcome.requests.count == 4)
    #expect(server.requests.map(\.target) == Array(repeating: "/token?service=s&scope=repository%3Ax%3Apull", count: 2))
  }

  @Test func whoIsNeverContentIsNotAskedForEver() async throws {
    let outcome = try await ask(credential: .password(user: "me", password: "wrong")) { request in
      LoopbackServer.answer(401, [("WWW-Authenticate", #"Basic realm="r""#)], to: request)
    }
    #expect(outcome.requests.count == 2)
    #expect(outcome.error?.kind == .denied)
  }
}

/// Many questions at once.
@Suite struct RegistryCrowdTests {
  @Test func eachReferenceIsAskedForOnceAndOnlyAFewAtATime() async throws {
    let index =
      #"{"manifests":[{"digest":"\#(zeros)","platform":{"os":"linux","architecture":"amd64"}},"#
      + #"{"digest":"\#(zeros)","platform":{"os":"linux","architecture":"arm64"}}]}"#
    let server = try LoopbackServer { request in
      [.pause(.milliseconds(20))] + LoopbackServer.answer(200, [("Content-Type", indexType)], index, to: request)
    }
    let transfer = CurlTransfer(environment: [:])
    let running = Locked((now: 0, most: 0))
    let client = RegistryClient(
      perform: { request in
        running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        defer { running.withLock { $0.now -= 1 } }
        return try await transfer.perform(request)
      }, credentials: { _ in nil }, clock: ContinuousClock())
    try await withThrowingTaskGroup(of: Digest.self) { group in
      for number in 0..<60 {
        // Ten references, each for two platforms and three times.
        let reference = try ImageReference("\(server.name)/x:\(number % 10)")
        let platform = Platform(os: "linux", architecture: number % 20 < 10 ? "amd64" : "arm64")
        group.addTask { try await client.manifestDigest(of: reference, platform: platform) }
      }
      for try await digest in group { #expect(digest.description == zeros) }
    }
    // https is tried first, which is no request that this server understands.
    #expect(server.requests.count == 20)
    #expect(running.withLock { $0.most } == 4)
  }

  @Test func anInterruptionEndsTheQuestion() async throws {
    let server = try LoopbackServer { _ in [.pause(.seconds(30))] }
    let transfer = CurlTransfer(environment: [:])
    let client = RegistryClient(
      perform: { try await transfer.perform($0) }, credentials: { _ in nil }, clock: ContinuousClock())
    let reference = try ImageReference("\(server.name)/x:1")
    let questions = (0..<8).map { _ in
      Task { try await client.manifestDigest(of: reference, platform: amd64) }
    }
    while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    for question in questions { question.cancel() }
    for question in questions {
      await #expect(throws: CancellationError.self) { _ = try await question.value }
    }
  }
}
