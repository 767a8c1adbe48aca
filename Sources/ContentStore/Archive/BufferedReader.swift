internal import HostSystem

/// Reads ahead, so that many small reads are cheap.
final class BufferedReader: ByteReader {
  private let source: any ByteReader
  private var buffer: [UInt8]
  private var (start, end) = (0, 0)

  init(_ source: any ByteReader, size: Int = 1 << 17) {
    self.source = source
    buffer = [UInt8](repeating: 0, count: size)
  }

  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    // Nothing is gained by copying large pieces twice.
    if start == end && target.count >= buffer.count { return try source.read(into: target) }
    guard try fill() else { return 0 }
    let count = min(end - start, target.count)
    target.copyBytes(from: buffer[start..<start + count])
    start += count
    return count
  }

  /// Calls `body` with up to `limit` bytes in place, and returns how many; 0 at the end.
  func withPiece(limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws -> Int {
    guard try fill() else { return 0 }
    let count = min(end - start, limit)
    buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    start += count
    return count
  }

  /// Up to `count` bytes; fewer only at the end.
  func readBlock(_ count: Int) throws -> [UInt8] {
    var block: [UInt8] = []
    block.reserveCapacity(count)
    while block.count < count, try fill() {
      let piece = min(end - start, count - block.count)
      block += buffer[start..<start + piece]
      start += piece
    }
    return block
  }

  /// The bytes that come next, at most `count`, which stay to be read; fewer only at the end.
  /// - Precondition: `count` is at most the buffer's size.
  func peek(_ count: Int) throws -> ArraySlice<UInt8> {
    if end - start < count {
      let rest = Array(buffer[start..<end])
      buffer.replaceSubrange(..<rest.count, with: rest)
      (start, end) = (0, rest.count)
      while end < count {
        let read = try buffer.withUnsafeMutableBytes { bytes in
          try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[end...]))
        }
        if read == 0 { break }
        end += read
      }
    }
    return buffer[start..<min(end, start + count)]
  }

  /// Skips up to `count` bytes; returns how many there were.
  func skip(_ count: Int) throws -> Int {
    var skipped = 0
    while skipped < count, try fill() {
      let piece = min(end - start, count - skipped)
      start += piece
      skipped += piece
    }
    return skipped
  }

  /// False at the end.
  private func fill() throws -> Bool {
    if start < end { return true }
    let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
    (start, end) = (0, count)
    return count > 0
  }
}
