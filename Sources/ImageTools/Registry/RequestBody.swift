import HostSystem

/// What is sent with a request.
enum RequestBody: Sendable {
  case bytes([UInt8])
  /// A part of a file.
  case file(any RandomAccessFile, Range<Int>)

  static let empty = RequestBody.bytes([])

  var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(_, let range): range.count
    }
  }

  /// Copies what comes after the first `offset` bytes; fewer than there is room for only at the end.
  /// - Returns: the count; nil when it cannot be read, or has become shorter.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    let count = min(buffer.count, self.count - offset)
    guard count > 0 else { return 0 }
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    switch self {
    case .bytes(let bytes):
      room.copyBytes(from: bytes[offset..<offset + count])
      return count
    case .file(let file, let range):
      guard let count = try? file.read(at: range.lowerBound + offset, into: room), count > 0 else { return nil }
      return count
    }
  }
}
