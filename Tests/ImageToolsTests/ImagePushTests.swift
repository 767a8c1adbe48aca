import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// Images of the store, pushed to a real docker-registry.
@Suite(.enabled(if: RealRegistry.isInstalled)) struct ImagePushTests {
  private let bench: ImageBench

  init() throws { bench = try ImageBench() }

  private func pusher(variables: [String: String] = [:], _ login: String = "{}") throws -> ImagePush {
    try bench.directory.write("home/.docker/config.json", login)
    let environment = ["HOME": "\(bench.directory.path)/home"].merging(variables) { $1 }
    return ImagePush(
      client: RegistryClient(files: PosixFileSystem(), processes: bench.processes, environment: environment) { _ in },
      store: bench.store)
  }

  @Test func anotherToolFindsWhatWasPushed() async throws {
    let registry = try await RealRegistry()
    let (push, image) = (try pusher(), try await bench.image([bench.content(300_000, 1), bench.content(10, 2)]))
    let reference = try ImageReference("\(registry.name)/team/x")
    let balance = try await push.run(image, to: reference)
    #expect(balance.sent + image.manifestSize == image.size, "\(balance)")
    #expect(try await push.client.manifest("1.0", of: reference) == nil, "nobody sees it without a tag")
    try await push.put(image, as: "1.0", of: reference)
    #expect(try await push.client.manifest("1.0", of: reference)?.digest == image.manifest)
    let raw = try await bench.run("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(reference):1.0")
    #expect(Digest.sha256(raw) == image.manifest)
    let copy = "\(bench.directory.path)/copy"
    _ = try await bench.run(
      "skopeo", "copy", "--insecure-policy", "--src-tls-verify=false", "docker://\(reference):1.0", "dir:\(copy)")
    #expect(try PosixFileSystem().digest(of: FilePath("\(copy)/\(image.config.hex)")) == image.config)
    // Once more: nothing is sent.
    let again = try await push.run(image, to: reference)
    #expect(again.sent == 0 && again.present == balance.sent, "\(again)")
  }

  @Test func aChildTakesItsLayersFromItsParent() async throws {
    let registry = try await RealRegistry()
    let push = try pusher()
    let parent = try await bench.image([bench.content(300_000, 1)])
    let child = try await bench.image([bench.content(300_000, 1), bench.content(1000, 2)])
    _ = try await push.run(parent, to: try ImageReference("\(registry.name)/team/parent"))
    let balance = try await push.run(
      child, to: try ImageReference("\(registry.name)/team/child"), mounting: ["team/parent"])
    #expect(balance.mounted == parent.layers[0].size, "\(balance)")
    #expect(balance.sent < 10_000, "\(balance)")
  }

  @Test(arguments: [false, true]) func aLoginIsUsed(hasTLS: Bool) async throws {
    let registry = try await RealRegistry(hasPassword: true, hasTLS: hasTLS)
    let image = try await bench.image([bench.content(1000, 1)])
    let reference = try ImageReference("\(registry.name)/team/x")
    let certificate = hasTLS ? ["SSL_CERT_FILE": "\(registry.directory.path)/cert.pem"] : [:]
    let login = #"{"auths":{"\#(registry.name)":{"auth":"bWU6c2VjcmV0"}}}"#
    await #expect(throws: RegistryError.self) { try await pusher(variables: certificate).run(image, to: reference) }
    let push = try pusher(variables: certificate, login)
    #expect(try await push.run(image, to: reference).sent > 0)
    try await push.put(image, as: "1.0", of: reference)
    #expect(try await push.client.manifest("1.0", of: reference)?.digest == image.manifest)
  }

  /// Pieces as small as a registry takes them.
  @Test func aRealRegistryTakesPieces() async throws {
    let registry = try await RealRegistry()
    let bytes = bench.content(3_000_000, 3)
    let reference = try ImageReference("\(registry.name)/team/x")
    let outcome = try await pusher().client.push(
      .sha256(bytes), from: MemoryFile(bytes, path: "blob"), to: reference, pieceSize: 700_000)
    #expect(outcome == .sent)
    let again = try await pusher().client.push(.sha256(bytes), from: MemoryFile(bytes, path: "blob"), to: reference)
    #expect(again == .present)
  }
}
