import CCurl
import HostSystem

/// Requests through libcurl, each on a thread of its own.
struct CurlTransfer: Sendable {
  private let certificates: String?
  private let certificateDirectory: String?

  /// What is sent goes where it was sent to, or nowhere.
  private static let redirected: Set<String> = ["GET", "HEAD"]

  /// - Parameter environment: SSL_CERT_FILE and SSL_CERT_DIR are honoured; proxies libcurl finds itself.
  init(environment: [String: String]) {
    let named = environment.filter { !$0.value.isEmpty }
    certificates = named["CURL_CA_BUNDLE"] ?? named["SSL_CERT_FILE"]
    certificateDirectory = named["SSL_CERT_DIR"]
  }

  /// - Throws: `TransferError`, `CancellationError`.
  func perform(_ request: HTTPRequest) async throws -> HTTPResponse {
    let exchange = Exchange(request)
    return try await withTaskCancellationHandler {
      try await onBlockingThread { try transfer(exchange) }
    } onCancel: {
      exchange.cancel()
    }
  }

  private func transfer(_ exchange: Exchange) throws -> HTTPResponse {
    let request = exchange.request
    let texts = CTexts(
      [request.method, request.url, certificates ?? "", certificateDirectory ?? ""]
        + request.headers.map { "\($0.name): \($0.value)" })
    let headers = texts.list(from: 4)
    defer { headers.deallocate() }
    let address = WebAddress(request.url)
    var answer = cc_response()
    var question = cc_request(
      method: texts[0], url: texts[1], headers: UnsafePointer(headers),
      ca_file: certificates == nil ? nil : texts[2],
      ca_directory: certificateDirectory == nil ? nil : texts[3],
      connect_timeout: request.limits.connect.milliseconds, total_timeout: request.limits.total.milliseconds,
      stall_timeout: Int(request.limits.stall.components.seconds),
      max_redirects: Self.redirected.contains(request.method) ? 5 : 0,
      allows_http: address?.scheme == "http" ? 1 : 0,
      avoids_proxy: Loopback.isLoopback(address?.server ?? "") ? 1 : 0,
      source: request.body == nil ? nil : { borrowed($2)?.give($0, $1) ?? -1 },
      source_size: Int64(request.body?.count ?? 0),
      body: { borrowed($2)?.takeBody($0, $1) ?? 1 },
      header: { borrowed($2)?.takeHeader($0, $1) ?? 1 },
      is_cancelled: { borrowed($0)?.isCancelled ?? true ? 1 : 0 },
      context: Unmanaged.passUnretained(exchange).toOpaque())
    withExtendedLifetime((exchange, texts)) { cc_perform(&question, &answer) }
    if exchange.isCancelled { throw CancellationError() }
    if exchange.isTooLarge { throw TransferError(kind: .tooLarge, text: "the answer has over \(request.limit) bytes") }
    guard answer.code == 0 else { throw Self.error(answer) }
    var response = exchange.response(status: answer.status)
    response.isRedirected = answer.redirects > 0
    return response
  }

  private static func error(_ answer: cc_response) -> TransferError {
    let text = withUnsafeBytes(of: answer.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let kind: TransferError.Kind =
      switch answer.code {
      case 5, 6, 7, 97: .unreachable
      // A proxy that does not let us through says so here.
      case 56 where text.contains("CONNECT") || text.contains("proxy"): .unreachable
      case 16, 18, 52, 55, 56, 92: .interrupted
      case 28: .tooSlow
      case 35: .notTLS
      case 51, 58, 60, 77, 83, 90, 91: .certificate
      default: .other
      }
    return TransferError(kind: kind, text: text)
  }
}

/// The exchange behind a context of the C side, which borrows it while a transfer runs.
private func borrowed(_ context: UnsafeMutableRawPointer?) -> Exchange? {
  context.map { Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
}

extension Duration {
  fileprivate var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}

/// What one transfer has sent and received.
private final class Exchange: Sendable {
  private struct State: Sendable {
    var lines: [String] = []
    var body: [UInt8] = []
    var given = 0
    var isTooLarge = false
    var isCancelled = false
    /// Of the last header.
    var status = 0
    /// Whether the request's sink gets the body.
    var isPassedOn = false
  }

  let request: HTTPRequest
  private let state = Locked(State())

  init(_ request: HTTPRequest) { self.request = request }

  var isCancelled: Bool { state.withLock { $0.isCancelled } }
  var isTooLarge: Bool { state.withLock { $0.isTooLarge } }
  func cancel() { state.withLock { $0.isCancelled = true } }

  func takeBody(_ bytes: UnsafePointer<CChar>, _ count: Int) -> Int32 {
    if let sink = request.sink {
      // Outside of the lock: the sink may wait.
      let (status, isPassedOn) = state.withLock { ($0.status, $0.isPassedOn) }
      if status == 200 || status == 206 {
        if !isPassedOn {
          guard sink.begin(response(status: status)) else { return 1 }
          state.withLock { $0.isPassedOn = true }
        }
        return sink.take(UnsafeRawBufferPointer(start: bytes, count: count)) ? 0 : 1
      }
    }
    return state.withLock { state in
      guard state.body.count + count <= request.limit else {
        state.isTooLarge = true
        return 1
      }
      state.body += UnsafeRawBufferPointer(start: bytes, count: count)
      return 0
    }
  }

  func takeHeader(_ bytes: UnsafePointer<CChar>, _ count: Int) -> Int32 {
    let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    state.withLock { state in
      // A redirection or a proxy's answer came before: only the last header counts.
      if line.hasPrefix("HTTP/") {
        (state.lines, state.body, state.isPassedOn) = ([], [], false)
        state.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      }
      if state.lines.count < 200 { state.lines.append(line) }
    }
    return 0
  }

  /// - Returns: -1 when the body cannot be read.
  func give(_ buffer: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
    let given = state.withLock { $0.given }
    let room = UnsafeMutableRawBufferPointer(start: buffer, count: capacity)
    guard let count = request.body?.read(at: given, into: room) else { return -1 }
    state.withLock { $0.given += count }
    request.sent?(count)
    return count
  }

  func response(status: Int) -> HTTPResponse {
    state.withLock { state in
      let headers = state.lines.compactMap { line -> (name: String, value: String)? in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        var value = line[line.index(after: colon)...]
        while let last = value.last, last.isWhitespace { value.removeLast() }
        while let first = value.first, first.isWhitespace { value.removeFirst() }
        return (line[..<colon].lowercased(), String(value))
      }
      return HTTPResponse(status: status, headers: headers, body: state.body)
    }
  }
}

/// Texts that C may read while this lives.
private final class CTexts {
  private let texts: [UnsafeMutablePointer<CChar>]

  init(_ texts: [String]) {
    self.texts = texts.map { text in
      let bytes = Array(text.utf8).filter { $0 != 0 && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
      for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
      copy[bytes.count] = 0
      return copy
    }
  }

  deinit { texts.forEach { $0.deallocate() } }

  subscript(index: Int) -> UnsafePointer<CChar> { UnsafePointer(texts[index]) }

  /// The texts from `index` with a null pointer at the end; the caller deallocates.
  func list(from index: Int) -> UnsafeMutablePointer<UnsafePointer<CChar>?> {
    let count = texts.count - index
    let list = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: count + 1)
    for position in 0..<count { list[position] = UnsafePointer(texts[index + position]) }
    list[count] = nil
    return list
  }
}
