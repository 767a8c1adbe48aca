import ContentStore
import HostSystem
import ImageModel
import JSONText
import ReleasePlanning
import TestSupport
import Testing

@testable import ImageTools

/// Names in a real docker-registry.
@Suite(.enabled(if: RealRegistry.isInstalled)) struct RegistryDestinationTests {
  private let bench: ImageBench

  init() throws { bench = try ImageBench() }

  private func destination(parents: [String] = []) -> RegistryDestination {
    let client = RegistryClient(
      files: PosixFileSystem(), processes: bench.processes, environment: ["HOME": "/nowhere"]
    ) { _ in }
    return RegistryDestination(client: client, store: bench.store) { _ in parents }
  }

  private func shipment(_ image: StoredImage, _ names: [String]) -> Shipment {
    Shipment(
      artifact: ArtifactID(kind: .docker, name: "x", tag: "1"), names: names,
      fingerprint: Fingerprint(.sha256("inputs")), output: image.output)
  }

  @Test func namesSwitchAfterTheUpload() async throws {
    let registry = try await RealRegistry()
    let names = ["1", "latest"].map { "\(registry.name)/team/x:\($0)" }
    let destination = destination()
    let old = shipment(try await bench.image([bench.content(1000, 1)]), names)
    #expect(try await destination.missingBytes(of: [old, old])[1] == 0, "what is in common counts once")
    try await destination.upload(old) { _ in }
    #expect(try await destination.missingBytes(of: [old]) == [0])
    let asked: [String: Digest?] = names.reduce(into: [:]) { $0[$1] = .some(nil) }
    #expect(try await destination.published(asked).isEmpty, "nobody sees it yet")
    let first = try destination.target(of: old)
    _ = try await destination.perform(names.map { NameSwitch($0, from: nil, to: first) }) { _ in }
    let seen = try await destination.published(asked)
    #expect(seen.mapValues(\.digest) == [names[0]: first, names[1]: first])
    #expect(seen.values.allSatisfy { $0.output == old.output.digest })
    // Another one takes its place, but not where somebody else has put something.
    let new = shipment(try await bench.image([bench.content(1000, 2)]), names)
    try await destination.upload(new) { _ in }
    let second = try destination.target(of: new)
    await #expect(throws: Failure.self) {
      _ = try await destination.perform([NameSwitch(names[0], from: .sha256("other"), to: second)]) { _ in }
    }
    let switched = Locked<[String]>([])
    _ = try await destination.perform([NameSwitch(names[0], from: first, to: second)]) { change in
      switched.withLock { $0.append(change.name) }
    }
    #expect(switched.withLock { $0 } == [names[0]])
    #expect(try await destination.published(asked).mapValues(\.digest) == [names[0]: second, names[1]: first])
    // And back.
    _ = try await destination.perform([NameSwitch(names[0], from: second, to: first)]) { _ in }
    #expect(try await destination.published(asked).mapValues(\.digest) == [names[0]: first, names[1]: first])
  }

  @Test func aTagThatTheRegistryKeepsIsNamed() async throws {
    let registry = try await RealRegistry()
    let name = "\(registry.name)/team/x:1"
    let shipment = shipment(try await bench.image([bench.content(10, 1)]), [name])
    try await destination().upload(shipment) { _ in }
    let target = try destination().target(of: shipment)
    _ = try await destination().perform([NameSwitch(name, from: nil, to: target)]) { _ in }
    #expect(try await destination().perform([NameSwitch(name, from: target, to: nil)]) { _ in } == [name])
  }

  @Test func aSIFRefersToItsImage() async throws {
    let registry = try await RealRegistry()
    let image = try await bench.image([bench.content(1000, 1)])
    let bytes = bench.content(5000, 7)
    let sif = Shipment(
      artifact: ArtifactID(kind: .sif, name: "x", tag: "1"), names: ["\(registry.name)/team/x:1-sif"],
      fingerprint: Fingerprint(.sha256("inputs")),
      output: ArtifactOutput(digest: try bench.store.put(bytes), size: bytes.count), image: image.output)
    let destination = destination()
    for _ in 0..<2 { try await destination.upload(sif) { _ in } }
    let target = try destination.target(of: sif)
    _ = try await destination.perform([NameSwitch(sif.names[0], from: nil, to: target)]) { _ in }
    let seen = try await destination.published([sif.names[0]: nil])
    #expect(seen[sif.names[0]] == PublishedVersion(digest: target, output: sif.output.digest))
    // docker-registry 2 knows nothing of referrers: the tag that stands for them has the SIF once.
    let reference = try ImageReference("\(registry.name)/team/x")
    let tag = try await destination.client.manifest("sha256-\(image.manifest.hex)", of: reference)
    let index = try await destination.client.document(try #require(tag?.digest), of: reference)
    let manifests = try JSONValue(parsing: index.bytes)["manifests"]?.array ?? []
    #expect(manifests.map { $0["digest"]?.string } == ["\(target)"])
    let raw = try await bench.run("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(sif.names[0])")
    #expect(try JSONValue(parsing: raw)["subject"]?["digest"]?.string == "\(image.manifest)")
  }

  /// As many names as a tree may have: one question for each, several at a time.
  @Test func fiveHundredNamesAreSeenAtOnce() async throws {
    let registry = try await RealRegistry()
    let transfer = CurlTransfer(environment: [:])
    let state = Locked((count: 0, present: 0, most: 0))
    let client = RegistryClient(
      perform: { request in
        state.withLock {
          $0.count += 1
          $0.present += 1
          $0.most = max($0.most, $0.present)
        }
        defer { state.withLock { $0.present -= 1 } }
        return try await transfer.perform(request)
      }, credentials: { _ in nil }, clock: ContinuousClock())
    let destination = RegistryDestination(client: client, store: bench.store) { _ in [] }
    let image = try await bench.image([bench.content(100, 1)])
    let names = (0..<500).map { "\(registry.name)/team/x:\($0)" }
    try await destination.upload(shipment(image, [names[0]])) { _ in }
    let bytes = try bench.store.contents(ofBlob: image.manifest)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for name in names {
        let reference = try ImageReference(name)
        group.addTask { try await client.put(bytes, ImagePush.mediaType, as: reference.tag ?? "", of: reference) }
      }
      try await group.waitForAll()
    }
    state.withLock { $0 = (0, 0, 0) }
    let start = ContinuousClock.now
    let seen = try await destination.published(names.reduce(into: [:]) { $0[$1] = .some(image.manifest) })
    Soak.tell("500 names in \(ContinuousClock.now - start)")
    #expect(seen.count == 500 && seen.values.allSatisfy { $0.digest == image.manifest })
    // The first of them are asked before it is known that the registry speaks plain http.
    #expect(state.withLock { 500...520 ~= $0.count && 2...16 ~= $0.most }, "\(state.withLock { $0 })")
  }
}
