import Glibc
import HostSystem
import ImageModel

/// The way to a server of the loopback, one request on each connection, which breaks off when a test wants it to, as if
/// the server had died.
package final class BreakingProxy: Sendable {
  private struct State {
    var listener: Int32 = -1
    var connections: Set<Int32> = []
    var requests: [String] = []
    var sent = 0
    /// Requests before the one that breaks off.
    var left = Int.max
    var arrives = false
  }

  package let port: UInt16
  private let server: UInt16
  private let state = Locked(State())

  /// - Parameter address: `127.0.0.1:5000`.
  package init(to address: String) throws {
    guard let server = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw Failure("'\(address)' has no port")
    }
    self.server = server
    let (listener, port) = try LoopbackSocket.listen()
    self.port = port
    accept(on: listener)
  }

  deinit { stop() }

  package var name: String { "127.0.0.1:\(port)" }
  /// `GET /v2/` for all so far.
  package var requests: [String] { state.withLock { $0.requests } }
  /// Bytes of the bodies of all of them.
  package var sent: Int { state.withLock { $0.sent } }

  /// From the request on that comes after `count` others nobody is there any more.
  /// - Parameter arrives: whether that one is done, though nobody hears of it.
  package func breakOff(after count: Int, arrives: Bool) {
    state.withLock { ($0.left, $0.arrives) = (count, arrives) }
  }

  /// The server is back.
  package func heal() throws {
    stop()
    state.withLock { $0.left = .max }
    accept(on: try LoopbackSocket.listen(port: port).socket)
  }

  private func stop() {
    let listener = state.withLock { state in
      defer { state.listener = -1 }
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
      return state.listener
    }
    // Whoever waits for the next connection closes it then.
    if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
  }

  private func accept(on listener: Int32) {
    state.withLock { $0.listener = listener }
    _ = startThread { [weak self] in
      while true {
        let connection = Glibc.accept(listener, nil, nil)
        guard connection >= 0 else {
          close(listener)
          return
        }
        let isServed = startThread { [weak self] in
          self?.serve(connection)
          close(connection)
        }
        if !isServed { close(connection) }
      }
    }
  }

  private func serve(_ client: Int32) {
    guard let (head, rest) = LoopbackSocket.head(from: client), let line = head.split(separator: "\r\n").first else {
      // TLS is greeted as web servers do.
      _ = LoopbackSocket.write(Array("HTTP/1.0 400 Bad Request\r\n\r\n".utf8), to: client)
      return
    }
    guard let upstream = try? LoopbackSocket.connect(port: server) else { return }
    defer { close(upstream) }
    state.withLock { _ = $0.connections.insert(client) }
    defer { state.withLock { _ = $0.connections.remove(client) } }
    // nil: as usual; else whether it still arrives.
    let last: Bool? = state.withLock { state in
      state.requests.append(line.split(separator: " ").prefix(2).joined(separator: " "))
      defer { state.left = max(-1, state.left == .max ? .max : state.left - 1) }
      return state.left <= 0 ? state.left == 0 && state.arrives : nil
    }
    if let last {
      if last { _ = forward(head, rest, client, upstream, answers: false) }
      stop()
      LoopbackSocket.abort(client)
      return
    }
    _ = forward(head, rest, client, upstream, answers: true)
  }

  /// - Returns: whether all of it came through.
  private func forward(_ head: String, _ rest: [UInt8], _ client: Int32, _ upstream: Int32, answers: Bool) -> Bool {
    let lines = head.split(separator: "\r\n")
    let size =
      lines.first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.drop { $0 != ":" }.dropFirst().filter { !$0.isWhitespace }) } ?? 0
    state.withLock { $0.sent += size }
    let kept = lines.filter { line in !["connection:", "expect:"].contains { line.lowercased().hasPrefix($0) } }
    let text = (kept.map(String.init) + ["Connection: close"]).joined(separator: "\r\n") + "\r\n\r\n"
    guard LoopbackSocket.write(Array(text.utf8), to: upstream), LoopbackSocket.write(rest, to: upstream) else {
      return false
    }
    var left = size - rest.count
    while left > 0 {
      guard let piece = LoopbackSocket.read(from: client), LoopbackSocket.write(piece, to: upstream) else {
        return false
      }
      left -= piece.count
    }
    while let piece = LoopbackSocket.read(from: upstream) {
      if answers, !LoopbackSocket.write(piece, to: client) { return false }
    }
    return true
  }
}
