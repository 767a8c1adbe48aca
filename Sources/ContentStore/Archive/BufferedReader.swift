internal import HostSystem

/// Hands out whole buffers, so that what passes is not copied.
protocol BufferSource: AnyObject {
  /// Takes a buffer that is empty again, or has not been one yet, for a full one.
  /// - Returns: how many of its bytes count; 0 at the end.
  func exchange(_ buffer: inout [UInt8]) throws -> Int
}

/// Passes over bytes without reading them.
protocol SeekingReader: ByteReader {
  /// - Returns: how many there were, at most `count`.
  func skip(_ count: Int) -> Int
}

/// Reads ahead, so that many small reads are cheap.
final class BufferedReader: ByteReader {
  private let source: any BufferSource
  private var buffer: [UInt8]
  private var (start, end) = (0, 0)

  init(_ source: any BufferSource) {
    self.source = source
    buffer = []
  }

  init(_ source: any ByteReader, size: Int = 1 << 17) {
    self.source = Reading(source)
    buffer = [UInt8](repeating: 0, count: size)
  }

  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    // Nothing is gained by copying large pieces twice.
    if start == end, target.count >= buffer.count, let source = source as? Reading { return try source.read(target) }
    guard try fill() else { return 0 }
    let count = min(end - start, target.count)
    buffer.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    start += count
    return count
  }

  /// Calls `body` with up to `limit` bytes in place, and returns how many; 0 at the end.
  func withPiece(limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    guard try fill() else { return 0 }
    let count = min(end - start, limit)
    try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
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
  /// - Precondition: it reads from a `ByteReader`, and `count` is at most the buffer's size.
  func peek(_ count: Int) throws -> ArraySlice<UInt8> {
    if end - start < count, let source = source as? Reading {
      let rest = Array(buffer[start..<end])
      buffer.replaceSubrange(..<rest.count, with: rest)
      (start, end) = (0, rest.count)
      while end < count {
        let read = try buffer.withUnsafeMutableBytes { bytes in
          try source.read(UnsafeMutableRawBufferPointer(rebasing: bytes[end...]))
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
    while skipped < count {
      if start == end, let source = source as? Reading, let jumped = try source.jump(count - skipped) {
        return skipped + jumped
      }
      guard try fill() else { break }
      let piece = min(end - start, count - skipped)
      start += piece
      skipped += piece
    }
    return skipped
  }

  /// Bytes that were read ahead.
  var ahead: Int { end - start }

  /// False at the end.
  private func fill() throws -> Bool {
    if start < end { return true }
    (start, end) = (0, 0)
    end = try source.exchange(&buffer)
    return end > 0
  }
}

/// A reader as a source of the one buffer that it is given.
private final class Reading: BufferSource {
  private let source: any ByteReader

  init(_ source: any ByteReader) { self.source = source }

  func read(_ target: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: target) }

  /// Nil for a reader that must read what it passes over.
  func jump(_ count: Int) throws -> Int? { (source as? any SeekingReader)?.skip(count) }

  func exchange(_ buffer: inout [UInt8]) throws -> Int {
    try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
  }
}
