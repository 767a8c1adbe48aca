import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// Blobs and manifests on their way to a registry.
@Suite struct RegistryPushTests {
  private struct NoWait: Clock {
    typealias Instant = ContinuousClock.Instant
    var now: Instant { ContinuousClock.now }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
  }

  private let reference = ImageReference(registry: "r.example", repository: "team/x")

  private func client(_ registry: PlayedRegistry) -> RegistryClient {
    RegistryClient(
      perform: { try registry.perform($0) }, credentials: { _ in nil }, clock: NoWait())
  }

  private func bytes(_ count: Int, seed: Int = 1) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return random.bytes(count)
  }

  private func push(
    _ bytes: [UInt8], to registry: PlayedRegistry, mounting sources: [String] = [], pieceSize: Int? = nil
  ) async throws -> BlobUpload.Outcome {
    try await client(registry).push(
      .sha256(bytes), from: MemoryFile(bytes, path: "blob"), to: reference, mounting: sources, pieceSize: pieceSize)
  }

  @Test func aBlobThatIsThereCostsOneHead() async throws {
    let (registry, blob) = (PlayedRegistry(), bytes(1000))
    #expect(try await push(blob, to: registry) == .sent)
    #expect(registry.blob(.sha256(blob), in: "team/x") == blob)
    let before = registry.log.count
    #expect(try await push(blob, to: registry) == .present)
    #expect(registry.log[before...] == ["HEAD /v2/team/x/blobs/\(Digest.sha256(blob))"])
    #expect(registry.received == 1000)
  }

  @Test(arguments: [false, true]) func aBlobOfAnotherRepositoryIsMounted(mounts: Bool) async throws {
    var behaviour = PlayedRegistry.Behaviour()
    behaviour.mounts = mounts
    let (registry, blob) = (PlayedRegistry(behaviour), bytes(1000))
    registry.put(blob, in: "team/base")
    let outcome = try await push(blob, to: registry, mounting: ["team/x", "team/none", "team/base"])
    // Who does not mount has begun an upload, which goes on.
    #expect(outcome == (mounts ? .mounted(from: "team/base") : .sent))
    #expect(registry.blob(.sha256(blob), in: "team/x") == blob)
    // The first repository has nothing to mount, which begins an upload that nobody needs.
    #expect(registry.log.count { $0.hasPrefix("DELETE") } == 1)
  }

  @Test(arguments: [false, true]) func largeBlobsGoInPieces(isRelative: Bool) async throws {
    var behaviour = PlayedRegistry.Behaviour()
    behaviour.locationIsRelative = isRelative
    let (registry, blob) = (PlayedRegistry(behaviour), bytes(1050))
    #expect(try await push(blob, to: registry, pieceSize: 100) == .sent)
    #expect(registry.blob(.sha256(blob), in: "team/x") == blob)
    #expect(registry.log.count { $0.hasPrefix("PATCH") } == 11)
  }

  @Test func whoTakesNoPiecesGetsTheWhole() async throws {
    var behaviour = PlayedRegistry.Behaviour()
    behaviour.takesPieces = false
    let (registry, blob) = (PlayedRegistry(behaviour), bytes(1050))
    #expect(try await push(blob, to: registry, pieceSize: 100) == .sent)
    #expect(registry.blob(.sha256(blob), in: "team/x") == blob)
  }

  @Test func whoTakesNoLargeBodiesGetsSmallerPieces() async throws {
    var behaviour = PlayedRegistry.Behaviour()
    behaviour.largestBody = 3 << 20
    let (registry, blob) = (PlayedRegistry(behaviour), bytes(9 << 20))
    #expect(try await push(blob, to: registry) == .sent)
    #expect(registry.blob(.sha256(blob), in: "team/x") == blob)
  }

  /// Whatever fails on the way: a blob is there as it should be, or not at all; and a few faults are overcome.
  @Test(arguments: PlayedRegistry.Fault.allCases) func faultsLeaveTheWholeOrNothing(
    fault: PlayedRegistry.Fault
  ) async throws {
    for seed in Soak.seeds(60) {
      var random = SeededGenerator(seed: seed)
      let blob = bytes(Int.random(in: 1...2000, using: &random), seed: seed)
      let faults = Set((0..<3).map { _ in Int.random(in: 1...20, using: &random) })
      var behaviour = PlayedRegistry.Behaviour()
      behaviour.locationIsRelative = random.once(in: 2)
      behaviour.fault = { faults.contains($0) ? fault : nil }
      let registry = PlayedRegistry(behaviour)
      let progress = Locked(0)
      let outcome = try await client(registry).push(
        .sha256(blob), from: MemoryFile(blob, path: "blob"), to: reference,
        pieceSize: Int.random(in: 50...500, using: &random), progress: { more in progress.withLock { $0 += more } })
      #expect(outcome == .sent, "seed \(seed), faults before \(faults)")
      #expect(progress.withLock { $0 } == blob.count, "seed \(seed)")
      #expect(registry.blob(.sha256(blob), in: "team/x") == blob, "seed \(seed)")
    }
  }

  @Test func aRegistryThatAlwaysFailsIsGivenUp() async throws {
    for fault in PlayedRegistry.Fault.allCases where fault != .unheard {
      var behaviour = PlayedRegistry.Behaviour()
      behaviour.fault = { $0 > 2 ? fault : nil }
      let (registry, blob) = (PlayedRegistry(behaviour), bytes(1000))
      await #expect(throws: RegistryError.self, "\(fault)") { try await push(blob, to: registry, pieceSize: 100) }
      #expect(registry.blob(.sha256(blob), in: "team/x") == nil)
    }
  }

  @Test func aManifestIsPutUnderItsNameAndFound() async throws {
    let registry = PlayedRegistry()
    let (client, manifest) = (client(registry), Array("{}".utf8))
    #expect(try await client.manifest("1.0", of: reference) == nil)
    try await client.put(manifest, "application/x", as: "1.0", of: reference)
    #expect(try await client.manifest("1.0", of: reference)?.digest == .sha256(manifest))
    #expect(registry.log.map { $0.prefix(4) } == ["HEAD", "PUT ", "HEAD"])
  }

  // MARK: Where uploads go on

  @Test(arguments: [
    ("/v2/x/blobs/uploads/1", "https://r.example/v2/x/blobs/uploads/1"),
    ("2?a=b", "https://r.example/v2/x/blobs/2?a=b"),
    ("https://storage.example/put", "https://storage.example/put"),
    ("//storage.example/put", "https://storage.example/put"),
    ("http://storage.example/put", nil),
    ("http://r.example/put", nil),
    ("file:///etc/passwd", nil),
    ("", nil),
  ])
  func anUploadGoesWhereItMay(_ location: String, _ expected: String?) {
    let place = UploadPlace(location, from: "https://r.example/v2/x/blobs/uploads")
    #expect(place?.url == expected)
  }

  @Test func whatLetsUsInIsNotShownElsewhere() async throws {
    let shown = Locked<[(String, Bool)]>([])
    let blob = bytes(10)
    let client = RegistryClient(
      perform: { request in
        let isShown = request.headers.contains { $0.name == "Authorization" }
        shown.withLock { $0.append((WebAddress(request.url)?.server ?? "", isShown)) }
        if !isShown, request.url.hasPrefix("https://r.example") {
          return HTTPResponse(status: 401, headers: [("www-authenticate", "Basic realm=x")])
        }
        switch request.method {
        case "HEAD": return HTTPResponse(status: 404)
        case "POST": return HTTPResponse(status: 202, headers: [("location", "https://storage.example/put")])
        default: return HTTPResponse(status: 201)
        }
      }, credentials: { _ in .password(user: "me", password: "secret") }, clock: NoWait())
    _ = try await client.push(.sha256(blob), from: MemoryFile(blob, path: "blob"), to: reference)
    let requests = shown.withLock { $0 }
    #expect(requests.contains { $0.0 == "storage.example" })
    #expect(requests.allSatisfy { $0.0 == "r.example" || !$0.1 })
  }
}
