import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// Disks that VM images begin with, from a web server.
struct FetchedBasesTests {
  private static let content = String(repeating: "a disk ", count: 3000)
  private let directory: TemporaryDirectory
  private let store: ImageLayout

  init() throws {
    directory = try TemporaryDirectory()
    store = ImageLayout(root: directory / "store", files: PosixFileSystem())
  }

  private func file(_ server: LoopbackServer, _ digest: Digest = .sha256(content)) -> MachineFile {
    MachineFile(
      .url("http://\(server.name)/d.vdi"), digest: digest, location: SourceLocation(file: "/d", line: 3, column: 5))
  }

  private func bases() -> FetchedBases { FetchedBases(store: store, environment: [:]) }

  private func server(breaksOff: Bool = false, length: Bool = true) throws -> LoopbackServer {
    try LoopbackServer { request in
      guard request.target == "/d.vdi" else { return LoopbackServer.answer(404, to: request) }
      let offset = request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
      let rest = String(Self.content.dropFirst(offset))
      let total = Self.content.utf8.count
      let head =
        offset == 0
        ? "HTTP/1.1 200 OK\r\n" + (length ? "Content-Length: \(total)\r\n" : "") + "Connection: close\r\n\r\n"
        : "HTTP/1.1 206 Partial Content\r\nContent-Length: \(rest.utf8.count)\r\nConnection: close\r\n"
          + "Content-Range: bytes \(offset)-\(total - 1)/\(total)\r\n\r\n"
      if request.method == "HEAD" { return [.send(head)] }
      return breaksOff ? [.send(head + rest.prefix(9000)), .reset] : [.send(head + rest)]
    }
  }

  @Test(arguments: [false, true]) func aBaseComesOnceAndGoesOnWhereItBrokeOff(breaksOff: Bool) async throws {
    let server = try server(breaksOff: breaksOff)
    let lines = Locked<[String]>([])
    let path = try await bases().path(of: file(server)) { line in lines.withLock { $0.append(line) } }
    #expect(path == store.path(ofBlob: .sha256(Self.content)))
    #expect(try PosixFileSystem().digest(of: path) == .sha256(Self.content))
    #expect(lines.withLock { $0 } == ["fetching http://\(server.name)/d.vdi, 21 kB"])
    let count = server.requests.count
    #expect(try await bases().path(of: file(server)) { _ in } == path)
    #expect(server.requests.count == count)
  }

  @Test func whatIsNotWhatTheDefinitionNamesIsRefused() async throws {
    let server = try server()
    let wrong = file(server, .sha256("another disk"))
    let failure = await #expect(throws: Failure.self) { _ = try await bases().path(of: wrong) { _ in } }
    #expect(failure?.location == wrong.location)
    #expect(try store.size(ofBlob: .sha256("another disk")) == nil)
    #expect(try PosixFileSystem().names(of: store.temporary).isEmpty)
  }

  @Test func whatIsNotThereOrHasNoSizeIsSaid() async throws {
    let server = try server(length: false)
    let failure = await #expect(throws: Failure.self) { _ = try await bases().path(of: file(server)) { _ in } }
    #expect(failure?.message.contains("does not tell how large its file is") == true)
    let other = MachineFile(
      .url("http://\(server.name)/none"), digest: .sha256(""), location: SourceLocation(file: "/d"))
    let missing = await #expect(throws: Failure.self) { _ = try await bases().path(of: other) { _ in } }
    #expect(missing?.message == "http://\(server.name) answered HTTP 404")
  }
}
