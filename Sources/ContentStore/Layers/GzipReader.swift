internal import CZlib
internal import HostSystem
internal import ImageModel

/// Decompresses gzip, also of several members one after the other, as it is read.
final class GzipReader: ByteReader {
  private let source: any ByteReader
  private let name: String
  // Allocated: zlib keeps the address of its stream.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  /// Bytes in `input` that zlib has not yet taken begin at `stream.next_in`.
  private var isWithinMember = false
  private var isSourceAtEnd = false
  private var isAtEnd = false

  init(_ source: any ByteReader, name: String) throws {
    self.source = source
    self.name = name
    input = .allocate(byteCount: 1 << 16, alignment: 64)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 16 asks for gzip, 15 for the largest window.
    guard inflateInit2_(stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw Failure("\(name): cannot decompress: out of memory")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !isAtEnd, !buffer.isEmpty else { return 0 }
    let target = buffer.prefix(1 << 30)
    stream.pointee.next_out = target.base.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(target.count)
    while stream.pointee.avail_out == UInt32(target.count) {
      try fill()
      if !isWithinMember {
        if try isAtTrailer() {
          isAtEnd = true
          return 0
        }
        isWithinMember = true
      }
      switch inflate(stream, Z_NO_FLUSH) {
      case Z_OK: break
      case Z_STREAM_END:
        isWithinMember = false
        inflateReset(stream)
      case Z_BUF_ERROR where isSourceAtEnd && stream.pointee.avail_in == 0:
        throw Failure("\(name): the compressed data is cut off", help: "make the archive again")
      case Z_BUF_ERROR: break
      default: throw Failure("\(name): the compressed data is damaged", help: "make the archive again")
      }
    }
    return target.count - Int(stream.pointee.avail_out)
  }

  private func fill() throws {
    guard stream.pointee.avail_in == 0, !isSourceAtEnd else { return }
    let count = try source.read(into: input)
    if count == 0 { isSourceAtEnd = true }
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
  }

  /// Between members: whether nothing or only zeros follow, as tape blocks have them.
  private func isAtTrailer() throws -> Bool {
    while true {
      try fill()
      guard stream.pointee.avail_in > 0, let next = stream.pointee.next_in else { return true }
      if next.pointee != 0 { return false }
      stream.pointee.next_in = next + 1
      stream.pointee.avail_in -= 1
    }
  }
}
