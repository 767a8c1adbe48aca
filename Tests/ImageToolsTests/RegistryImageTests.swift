import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// Images of registries, whose layers come while they are read.
@Suite struct RegistryImageTests {
  /// A registry with one image, which sends its layer as a test says.
  private struct Peer: Sendable {
    let layer: [UInt8]
    var config: [UInt8] {
      Array(
        #"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#.utf8)
    }
    var manifest: [UInt8] {
      let (config, blob) = (config, Digest.sha256(layer))
      return Array(
        #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"\#(Digest.sha256(config))","size":\#(config.count)},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"\#(blob)","size":\#(layer.count)}]}"#
          .utf8)
    }

    /// - Parameter send: is given the request, the first byte that is asked for, and how many requests came before.
    func client(
      send: @escaping @Sendable (BlobBody, Int, Int) throws -> HTTPResponse
    ) -> RegistryClient {
      let asked = Locked(0)
      return RegistryClient(
        perform: { request in
          if request.url.contains("/manifests/") {
            return HTTPResponse(status: 200, headers: [("content-type", "")], body: manifest)
          }
          guard let body = request.sink else { return HTTPResponse(status: 200, body: config) }
          let range = request.headers.first { $0.name == "Range" }?.value
          let start = range.flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
          let count = asked.withLock { count in
            defer { count += 1 }
            return count
          }
          return try send(body, start, count)
        }, credentials: { _ in nil }, clock: NoWait())
    }

    func part(_ body: BlobBody, _ range: Range<Int>, status: Int = 206) -> HTTPResponse {
      let answer = HTTPResponse(
        status: status, headers: [("content-range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/*")])
      if body.begin(answer) { _ = layer[range].withUnsafeBytes { body.take($0) } }
      return answer
    }
  }

  private struct NoWait: Clock {
    typealias Instant = ContinuousClock.Instant
    var now: Instant { ContinuousClock.now }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
  }

  private static let broken = TransferError(kind: .interrupted, text: "reset")

  private let peer: Peer

  init() {
    var random = SeededGenerator(seed: 5)
    peer = Peer(layer: random.bytes(100_000))
  }

  /// The bytes of the layer as they are read.
  private func read(_ client: RegistryClient) async throws -> [UInt8] {
    let image = try await client.image(try ImageReference("r.example/x:1"), platform: nil)
    return try await onBlockingThread {
      let reader = try image.layers[0].open()
      var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1000))
      while true {
        let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
      }
    }
  }

  @Test func aLayerComesWhileItIsRead() async throws {
    let client = peer.client { [peer] body, _, _ in peer.part(body, 0..<peer.layer.count, status: 200) }
    #expect(try await read(client) == peer.layer)
  }

  @Test func aBrokenTransferGoesOnWhereItEnded() async throws {
    let asked = Locked<[Int]>([])
    let client = peer.client { [peer] body, start, _ in
      asked.withLock { $0.append(start) }
      let end = min(start + 30_000, peer.layer.count)
      let answer = peer.part(body, start..<end, status: start == 0 ? 200 : 206)
      if end < peer.layer.count { throw Self.broken }
      return answer
    }
    #expect(try await read(client) == peer.layer)
    #expect(asked.withLock { $0 } == [0, 30_000, 60_000, 90_000])
  }

  @Test func aServerThatBeginsAgainGivesNothingTwice() async throws {
    let client = peer.client { [peer] body, _, count in
      let end = min(20_000 * (count + 1), peer.layer.count)
      let answer = peer.part(body, 0..<end, status: 200)
      if end < peer.layer.count { throw Self.broken }
      return answer
    }
    #expect(try await read(client) == peer.layer)
  }

  @Test func whatCannotBeRightIsRefused() async throws {
    let late = peer.client { [peer] body, start, count in
      // Behind the place that was asked for.
      let answer = peer.part(body, (count == 0 ? 0 : start + 10)..<(start + 100), status: count == 0 ? 200 : 206)
      _ = answer
      throw Self.broken
    }
    await #expect(throws: Failure.self) { try await read(late) }
    let long = peer.client { [peer] body, _, _ in
      let answer = peer.part(body, 0..<peer.layer.count, status: 200)
      _ = [UInt8](repeating: 0, count: 10).withUnsafeBytes { body.take($0) }
      throw TransferError(kind: .other, text: "refused \(answer.status)")
    }
    await #expect(throws: Failure.self) { try await read(long) }
    let stuck = peer.client { _, _, _ in throw Self.broken }
    await #expect(throws: Failure.self) { try await read(stuck) }
    let gone = peer.client { _, _, _ in HTTPResponse(status: 404) }
    await #expect(throws: Failure.self) { try await read(gone) }
  }

  @Test func whoLetsGoEndsTheTransfer() async throws {
    let isEnded = Locked(false)
    let pipe = BytePipe(limit: 1000)
    var reader: BlobReader? = BlobReader(pipe) { [peer] in
      // More than anybody keeps: it waits until somebody reads, or nobody will.
      while peer.layer.withUnsafeBytes({ pipe.write($0) }) {}
      isEnded.withLock { $0 = true }
    }
    var buffer = [UInt8](repeating: 0, count: 10)
    #expect(try buffer.withUnsafeMutableBytes { try reader?.read(into: $0) } == 10)
    reader = nil
    while !isEnded.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test func realBytesComeOverTheNetwork() async throws {
    let peer = Peer(layer: Array("layer of a few bytes".utf8))
    let manifest = String(decoding: peer.manifest, as: UTF8.self)
    let server = try LoopbackServer { request in
      func answer(_ body: String, _ type: String) -> [LoopbackServer.Action] {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        return [.send(request.method == "HEAD" ? head : head + body)]
      }
      if request.target.contains("/manifests/") {
        return answer(manifest, "application/vnd.oci.image.manifest.v1+json")
      }
      if request.target.hasSuffix("\(Digest.sha256(peer.config))") {
        return answer(String(decoding: peer.config, as: UTF8.self), "application/octet-stream")
      }
      // In two parts, the second with what came already.
      if request.headers["range"] == nil {
        return [.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nlayer of"), .pause(.milliseconds(20))]
      }
      return [
        .send("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 8-19/20\r\nContent-Length: 12\r\n\r\n a few bytes")
      ]
    }
    let sources = ImageSources(files: PosixFileSystem(), processes: PosixProcessRunner(), environment: [:])
    let address = ImageAddress.registry(try ImageReference("127.0.0.1:\(server.port)/x:1"))
    let image = try await sources.image(at: address, platform: nil) { "/" }
    let bytes = try await onBlockingThread {
      let reader = try image.layers[0].open()
      var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 7))
      while true {
        let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
      }
    }
    #expect(bytes == peer.layer)
  }
}
