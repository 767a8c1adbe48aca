import HostSystem
import ImageModel

/// A web root with the files of a release, read over http.
struct WebRoot: FileListing {
  /// Without a slash at its end.
  private let address: String
  private let transfer: RetryingTransfer
  private let files: any FileSystem
  private let clock: any Clock<Duration>

  /// How often a broken transfer of one file goes on.
  private static let mostResumptions = 20

  init(
    _ address: String, files: any FileSystem, clock: any Clock<Duration> = ContinuousClock(),
    perform: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
  ) {
    var address = address
    while address.hasSuffix("/") { address.removeLast() }
    if address.hasSuffix("/index.json") { address.removeLast("/index.json".utf8.count) }
    (self.address, self.files, self.clock) = (address, files, clock)
    transfer = RetryingTransfer(perform: perform, clock: clock)
  }

  func list() async throws -> [PublishedFile] {
    // People may have a list of their own under that name.
    for path in ["index.json", ReleaseDirectory.target(of: "index.json")] {
      guard let bytes = try await document(path, limit: 16 << 20) else { continue }
      let listed = ReleaseDirectory.listed(in: bytes)
      if listed.isEmpty, !DirectoryPage.isOne(bytes) { continue }
      return listed.map { PublishedFile(name: $0.name, digest: $0.digest, size: $0.size) }
    }
    throw Failure(
      "\(address) has no list of files (index.json) that coppice has written",
      help: "is it where releases are published?")
  }

  func companion(_ suffix: String, of file: PublishedFile) async throws -> [UInt8]? {
    try await document(DirectoryPage.address(file.name + suffix), limit: 1 << 20)
  }

  private func document(_ path: String, limit: Int) async throws -> [UInt8]? {
    var request = HTTPRequest("GET", "\(address)/\(path)")
    request.limit = limit
    let answer = try await self.answer(to: request)
    switch answer.status {
    case 200: return answer.body
    case 404, 410, 403: return nil
    default: throw failure(answer)
    }
  }

  func bring(
    _ file: PublishedFile, to part: FilePath, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    try await bring(file, at: "\(address)/\(DirectoryPage.address(file.name))", to: part, progress: progress)
  }

  /// Of a file wherever it lies.
  func bring(
    _ file: PublishedFile, at url: String, to part: FilePath, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    try await StreamedFile(files: files, part: part, progress: progress).append { offset, pipe in
      try await fetch(file, at: url, from: offset, into: pipe)
    }
  }

  /// How many bytes lie at an address.
  func size(at url: String) async throws -> Int {
    let answer = try await self.answer(to: HTTPRequest("HEAD", url))
    guard answer.status == 200 else { throw failure(answer) }
    guard let size = answer["content-length"].flatMap({ Int($0) }), size > 0 else {
      throw Failure(
        "\(address) does not tell how large its file is", help: "get it by other means, and name it as 'file'")
    }
    return size
  }

  private func fetch(_ file: PublishedFile, at url: String, from offset: Int, into pipe: BytePipe) async throws {
    let body = BlobBody(pipe, size: file.size, received: offset)
    var resumptions = 0
    while true {
      let before = body.received
      do {
        var request = HTTPRequest("GET", url)
        (request.sink, request.limits.total) = (body, .zero)
        if body.received > 0 { request.headers.append(("Range", "bytes=\(body.received)-")) }
        let answer = try await transfer.answer(to: request)
        guard answer.status == 200 || answer.status == 206 else { throw failure(answer) }
        if body.isComplete { return }
        throw TransferError(kind: .interrupted, text: "only \(body.received) of \(file.size) bytes came")
      } catch let error as TransferError {
        try Task.checkCancellation()
        if body.received > 0, body.isComplete { return }
        if let fault = body.fault { throw Failure("\(file.name) cannot be downloaded: \(fault)", help: "try again") }
        guard error.kind == .interrupted || error.kind == .tooSlow, body.received > before,
          resumptions < Self.mostResumptions
        else { throw failure(error) }
        resumptions += 1
        try await clock.sleep(for: .seconds(1))
      }
    }
  }

  private func answer(to request: HTTPRequest) async throws -> HTTPResponse {
    do {
      return try await transfer.answer(to: request)
    } catch let error as TransferError {
      throw failure(error)
    }
  }

  private func failure(_ error: TransferError) -> Failure {
    let help =
      error.kind == .certificate
      ? "add the certificate of its authority to the system's, or name it in SSL_CERT_FILE"
      : "check the address, the network and the proxy"
    return Failure("\(address) cannot be read: \(error)", help: help)
  }

  private func failure(_ answer: HTTPResponse) -> Failure {
    let wait = answer.retryAfter.map { "in \($0.components.seconds) seconds" } ?? "later"
    return Failure("\(address) answered HTTP \(answer.status)", help: answer.status >= 500 ? "try again \(wait)" : nil)
  }
}
