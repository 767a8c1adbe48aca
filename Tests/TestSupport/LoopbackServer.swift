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
    (listener, port) = try LoopbackSocket.listen()
    let listener = listener
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
    guard let (head, rest) = LoopbackSocket.head(from: connection) else { return nil }
    var body = rest
    let lines = head.split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    let size = headers["content-length"].flatMap { Int($0) } ?? 0
    while body.count < size {
      guard let piece = LoopbackSocket.read(from: connection) else { return nil }
      body += piece
    }
    return Request(method: String(words[0]), target: String(words[1]), headers: headers, body: body)
  }

  private static func act(_ actions: [Action], _ connection: Int32) {
    for action in actions {
      switch action {
      case .send(let text): if !LoopbackSocket.write(Array(text.utf8), to: connection) { return }
      case .pause(let duration): wait(duration, connection)
      case .trickle(let text, let pause):
        for byte in text.unicodeScalars {
          if !LoopbackSocket.write(Array(String(byte).utf8), to: connection) { return }
          wait(pause, connection)
        }
      case .reset:
        LoopbackSocket.abort(connection)
        return
      }
    }
  }

  /// Ends early when the other side has gone.
  private static func wait(_ duration: Duration, _ connection: Int32) {
    var gone = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
    let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    poll(&gone, 1, Int32(milliseconds))
  }
}
