internal import HostSystem
internal import ImageModel

/// Passes bytes on and shows each piece to another on the way.
final class TeeReader: ByteReader {
  private let source: any ByteReader
  private let observe: (UnsafeRawBufferPointer) throws -> Void

  init(_ source: any ByteReader, _ observe: @escaping (UnsafeRawBufferPointer) throws -> Void) {
    self.source = source
    self.observe = observe
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    if count > 0 { try observe(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
    return count
  }
}

/// Hashes and counts what passes.
final class HashingReader: ByteReader {
  private let source: any ByteReader
  private var hasher = SHA256Hasher()
  private(set) var count = 0
  private let limit: Int
  private let name: String

  /// - Parameters:
  ///   - limit: reading more fails.
  ///   - name: what it is called then.
  init(_ source: any ByteReader, limit: Int = .max, name: String = "a layer") {
    self.source = source
    self.limit = limit
    self.name = name
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let read = try source.read(into: buffer)
    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
    count += read
    if count > limit {
      throw Failure("\(name) has more than \(limit) bytes when decompressed", help: "nothing larger is read")
    }
    return read
  }

  /// Of all that was read.
  var digest: Digest { hasher.finish() }
}

/// Bytes in memory.
final class MemoryReader: ByteReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let piece = rest.prefix(buffer.count)
    buffer.copyBytes(from: piece)
    rest = rest.dropFirst(piece.count)
    return piece.count
  }
}

extension ByteReader {
  /// Calls `body` with each piece until the end.
  func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// Reads to the end and forgets it.
  func drain() throws { try forEachPiece { _ in } }

  /// - Throws: `Failure` when there are more than `limit` bytes.
  func allBytes(limit: Int, name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try forEachPiece { piece in
      guard bytes.count + piece.count <= limit else { throw Failure("\(name) has more than \(limit) bytes") }
      bytes.append(contentsOf: piece)
    }
    return bytes
  }
}
