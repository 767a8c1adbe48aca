import Glibc
import HostSystem
import ImageModel

/// Sockets of the loopback.
enum LoopbackSocket {
  /// - Parameter port: 0 for any that is free.
  static func listen(port: UInt16 = 0) throws -> (socket: Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var place = address(port)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutableBytes(of: &place) { bytes in
      guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
      return bind(listener, start, size) == 0 && Glibc.listen(listener, 64) == 0
        && getsockname(listener, start, &size) == 0
    }
    guard isListening else { throw fault("listen") }
    return (listener, UInt16(bigEndian: place.sin_port))
  }

  static func connect(port: UInt16) throws -> Int32 {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var place = address(port)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafeMutableBytes(of: &place) { bytes in
      guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
      return Glibc.connect(connection, start, size) == 0
    }
    guard isConnected else {
      close(connection)
      throw fault("connect")
    }
    return connection
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private static func fault(_ operation: String) -> FileSystemError {
    FileSystemError(operation: operation, path: "127.0.0.1", reason: .other(errno), text: "the system refuses")
  }

  /// Nil at the end.
  static func read(from connection: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(connection, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }

  /// The head of a request or an answer, without the empty line at its end, and what came behind it.
  static func head(from connection: Int32) -> (head: String, rest: [UInt8])? {
    var bytes: [UInt8] = []
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let found = bytes.firstRange(of: end) {
        return (String(decoding: bytes[..<found.lowerBound], as: UTF8.self), Array(bytes[found.upperBound...]))
      }
      // TLS is greeted by nobody here.
      guard let piece = read(from: connection), bytes.first.map({ $0 >= 0x20 }) ?? (piece.first ?? 0 >= 0x20) else {
        return nil
      }
      bytes += piece
    }
  }

  static func write(_ bytes: [UInt8], to connection: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// What follows a close is a connection that was reset.
  static func abort(_ connection: Int32) {
    var abort = linger(l_onoff: 1, l_linger: 0)
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
  }
}
