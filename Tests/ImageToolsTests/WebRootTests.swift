import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// Downloads from web roots as they are: slow, broken off, moved, wrong.
@Suite struct WebRootTests {
  private static let content = String((0..<20_000).map { Character(UnicodeScalar(UInt8(97 + ($0 * $0) % 26))) })
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()
  private var place: FilePath { directory / "out/a-1.sif" }

  init() throws { directory = try TemporaryDirectory() }

  private static var index: String {
    String(
      decoding: DirectoryPage(files: [("a-1.sif", .sha256(content), content.utf8.count)]).json, as: UTF8.self)
  }

  private func run(_ server: LoopbackServer) async throws -> PublishedFiles.Outcome {
    let files = PublishedFiles.web("http://\(server.name)/images/", files: files, environment: [:])
    let file = try #require(try await files.list().first)
    return try await files.download(file, to: place) { _ in }
  }

  /// - Parameter bytes: how the file is sent, from an offset.
  private func server(
    _ bytes: @escaping @Sendable (LoopbackServer.Request, _ offset: Int, _ rest: String) -> [LoopbackServer.Action]
  ) throws -> LoopbackServer {
    try LoopbackServer { request in
      switch request.target {
      case "/images/index.json": return LoopbackServer.answer(200, [], Self.index, to: request)
      case "/images/a-1.sif":
        let offset = request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        return bytes(request, offset, String(Self.content.dropFirst(offset)))
      case "/images/a-1.sif.md5": return LoopbackServer.answer(200, [], "the sum", to: request)
      default: return LoopbackServer.answer(404, to: request)
      }
    }
  }

  private static func head(_ offset: Int, _ count: Int) -> String {
    let total = content.utf8.count
    return offset == 0
      ? "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\nConnection: close\r\n\r\n"
      : "HTTP/1.1 206 Partial Content\r\nContent-Length: \(count)\r\nConnection: close\r\n"
        + "Content-Range: bytes \(offset)-\(total - 1)/\(total)\r\n\r\n"
  }

  @Test func aFileComesOnceWithWhatLiesBesideIt() async throws {
    let server = try server { _, offset, rest in [.send(Self.head(offset, rest.utf8.count) + rest)] }
    #expect(try await run(server) == .downloaded)
    #expect(try files.digest(of: place) == .sha256(Self.content))
    #expect(try directory.text("out/a-1.sif.md5") == "the sum")
    let count = server.requests.count
    #expect(try await run(server) == .current)
    #expect(server.requests.count == count + 1, "the list alone")
    #expect(try files.names(of: directory / "out").count == 2)
  }

  @Test func whatIsBrokenOffGoesOn() async throws {
    let server = try server { _, offset, rest in
      [.send(Self.head(offset, rest.utf8.count) + rest.prefix(7000)), .reset]
    }
    #expect(try await run(server) == .downloaded)
    #expect(try files.digest(of: place) == .sha256(Self.content))
    let ranges = server.requests.filter { $0.target.hasSuffix(".sif") }.compactMap { $0.headers["range"] }
    #expect(!ranges.isEmpty)
  }

  /// What an earlier run has left: a part of it, all of it, another file, more than there is.
  @Test(arguments: [0, 1, 9_999, 20_000, 20_001]) func whatIsThereIsNotAskedForAgain(count: Int) async throws {
    for isTrue in [true, false] {
      try files.createDirectory(place.parent)
      let part = String((Self.content + "x").prefix(count))
      try files.replace(
        directory / "out/a-1.sif.part", with: Array((isTrue ? part : String(part.reversed())).utf8), mode: 0o644)
      let server = try server { _, offset, rest in [.send(Self.head(offset, rest.utf8.count) + rest)] }
      #expect(try await run(server) == .downloaded)
      #expect(try files.digest(of: place) == .sha256(Self.content))
      try files.remove(place)
    }
  }

  @Test func aServerWithoutRangesIsAskedForAll() async throws {
    try files.createDirectory(place.parent)
    try files.replace(directory / "out/a-1.sif.part", with: Array(Self.content.utf8.prefix(5000)), mode: 0o644)
    let server = try server { _, _, _ in [.send(Self.head(0, Self.content.utf8.count) + Self.content)] }
    #expect(try await run(server) == .downloaded)
    #expect(try files.digest(of: place) == .sha256(Self.content))
  }

  @Test func whatIsNotWhatWasPublishedGetsNoName() async throws {
    let wrong: [@Sendable (Int, String) -> String] = [
      { offset, rest in Self.head(offset, rest.utf8.count) + String(rest.map { _ in "x" }) },
      { offset, rest in Self.head(offset, rest.utf8.count + 5) + rest + "12345" },
      { _, _ in "HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" },
      { _, _ in "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<html" },
    ]
    for answer in wrong {
      let server = try server { _, offset, rest in [.send(answer(offset, rest))] }
      await #expect(throws: Failure.self) { _ = try await run(server) }
      #expect(try files.statusIfPresent(of: place) == nil)
      try files.remove(directory / "out/a-1.sif.part")
    }
    let server = try server { _, _, _ in [.send(wrong[2](0, ""))] }
    await #expect(throws: Failure.self) { _ = try await run(server) }
    #expect(try files.names(of: directory / "out").isEmpty)
  }

  @Test func aListThatIsNoneIsSaid() async throws {
    let names =
      ["../evil", ".profile", "a/b", "", "a\\n", "/etc/x"].map {
        #"{"version":1,"files":[{"name":"\#($0)","sha256":"\#(Digest.sha256("").hex)","size":1}]}"#
      } + [#"{"version":1,"files":[{"name":"a.sif","sha256":"\#(Digest.sha256("").hex)","size":-1}]}"#]
    for text in ["<html>", "{}", "[]", #"{"files":[]}"#] + names {
      let server = try LoopbackServer { request in
        request.target == "/index.json"
          ? LoopbackServer.answer(200, [], text, to: request) : LoopbackServer.answer(404, to: request)
      }
      let files = PublishedFiles.web("http://\(server.name)", files: files, environment: [:])
      if names.contains(text) {
        #expect(try await files.list().isEmpty, "a name stays where it is put")
      } else {
        await #expect(throws: Failure.self) { _ = try await files.list() }
      }
    }
  }
}
