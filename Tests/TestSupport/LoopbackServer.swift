import Glibc
import HostSystem
import ImageModel

/// A server on the loopback that does with each request what a test says, also what no server should do.
package final class LoopbackServer: Sendable {
  package struct Request: Sendable {
    package var method: String
    /// The path with the query.
    package var target: String
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
  }

  /// What is done in turn; the connection ends after the last.
  package enum Action: Sendable {
    case send(String)
    case pause(Duration)
    /// One byte at a time with a pause after each.
    case trickle(String, Duration)
    /// The connection breaks off.
    case reset
  }

  package let port: UInt16
  private let listener: Int32
  private let log = Locked<[Request]>([])
  private let isStopped = Locked(false)

  package init(answer: @escaping @Sendable (Request) -> [Action]) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isListening = withUnsafeMutableBytes(of: &address) { bytes in
      guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
      return bind(listener, start, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, start, &size) == 0
    }
    guard isListening else {
      throw FileSystemError(operation: "listen", path: "127.0.0.1", reason: .other(errno), text: "the system refuses")
    }
    port = UInt16(bigEndian: address.sin_port)
    let log = log
    // Threads, not tasks: those wait while other tests keep the processors.
    let isStarted = startThread {
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 {
          close(listener)
          return
        }
        let isServed = startThread {
          if let request = Self.read(connection) {
            log.withLock { $0.append(request) }
            Self.act(answer(request), connection)
          } else {
            // TLS is greeted as web servers do.
            Self.act([.send("HTTP/1.0 400 Bad Request\r\n\r\n")], connection)
          }
          close(connection)
        }
        if !isServed { close(connection) }
      }
    }
    guard isStarted else {
      throw FileSystemError(operation: "listen", path: "127.0.0.1", reason: .other(EAGAIN), text: "no thread")
    }
  }

  deinit { stop() }

  /// Nobody is let in any more.
  package func stop() {
    let isFirst = isStopped.withLock { isStopped in
      defer { isStopped = true }
      return !isStopped
    }
    // Whoever waits for the next connection closes it then.
    if isFirst { shutdown(listener, Int32(SHUT_RDWR)) }
  }

  package var name: String { "127.0.0.1:\(port)" }
  /// All so far.
  package var requests: [Request] { log.withLock { $0 } }

  /// A whole answer; without its body for HEAD.
  package static func answer(
    _ status: Int, _ headers: [(String, String)] = [], _ body: String = "", to request: Request
  ) -> [Action] {
    let lines = [("Content-Length", "\(body.utf8.count)"), ("Connection", "close")] + headers
    let head = "HTTP/1.1 \(status) X\r\n" + lines.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    return [.send(head + (request.method == "HEAD" ? "" : body))]
  }

  private static func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    func more() -> Bool {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count > 0 { bytes += buffer.prefix(count) }
      return count > 0
    }
    let end = Array("\r\n\r\n".utf8)
    while bytes.firstRange(of: end) == nil {
      guard more(), bytes.first.map({ $0 >= 0x20 }) ?? false else { return nil }
    }
    guard let head = bytes.firstRange(of: end) else { return nil }
    let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    let size = headers["content-length"].flatMap { Int($0) } ?? 0
    while bytes.count - head.upperBound < size { if !more() { return nil } }
    return Request(
      method: String(words[0]), target: String(words[1]), headers: headers, body: Array(bytes[head.upperBound...]))
  }

  private static func act(_ actions: [Action], _ connection: Int32) {
    for action in actions {
      switch action {
      case .send(let text): if !write(text, connection) { return }
      case .pause(let duration): wait(duration, connection)
      case .trickle(let text, let pause):
        for byte in text.unicodeScalars {
          if !write(String(byte), connection) { return }
          wait(pause, connection)
        }
      case .reset:
        var abort = linger(l_onoff: 1, l_linger: 0)
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
        return
      }
    }
  }

  private static func write(_ text: String, _ connection: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Ends early when the other side has gone.
  private static func wait(_ duration: Duration, _ connection: Int32) {
    var gone = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
    let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    poll(&gone, 1, Int32(milliseconds))
  }
}
