internal import CDeflate
internal import CZlib
internal import HostSystem
internal import ImageModel

/// Decompresses gzip, also of several members one after the other, as it is read.
///
/// Members of up to 1 MiB, as the store writes them, are decompressed as a whole by libdeflate when the reader's buffer has
/// room for one; after the first larger one zlib does the rest.
final class GzipReader: ByteReader {
  private let source: any ByteReader
  private let name: String
  // Allocated: zlib keeps the address of its stream.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  /// Nil when no whole members are expected.
  private var decompressor: OpaquePointer?
  /// Bytes in `input` that have not yet been taken.
  private var (start, end) = (0, 0)
  private var isWithinMember = false
  private var isSourceAtEnd = false
  private var isAtEnd = false

  /// - Parameters:
  ///   - wholeMembers: whether the store may have written it.
  ///   - isVerified: whether the caller hashes what comes out: then zlib need not, which would cost a fifteenth of its time.
  init(_ source: any ByteReader, name: String, wholeMembers: Bool = false, isVerified: Bool = false) throws {
    self.source = source
    self.name = name
    input = .allocate(byteCount: wholeMembers ? 1 << 21 : 1 << 16, alignment: 64)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    decompressor = wholeMembers ? libdeflate_alloc_decompressor() : nil
    // 16 asks for gzip, 15 for the largest window.
    guard inflateInit2_(stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw Failure("\(name): cannot decompress: out of memory")
    }
    if isVerified { inflateValidate(stream, 0) }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    libdeflate_free_decompressor(decompressor)
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !isAtEnd, !buffer.isEmpty else { return 0 }
    while true {
      if !isWithinMember {
        if try isAtTrailer() {
          isAtEnd = true
          return 0
        }
        if let count = try wholeMember(into: buffer) {
          if count > 0 { return count }
          continue
        }
        isWithinMember = true
      }
      let count = try inflatePiece(into: buffer)
      if count > 0 { return count }
    }
  }

  /// Nil when the next member is too large, or damaged: zlib then tells.
  private func wholeMember(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
    guard let decompressor, buffer.count >= GzipMember.size else { return nil }
    try fill(atLeast: GzipMember.largestOutput)
    var (taken, given) = (0, 0)
    let result = libdeflate_gzip_decompress_ex(
      decompressor, input.baseAddress?.advanced(by: start), end - start, buffer.baseAddress, GzipMember.size, &taken,
      &given)
    guard result == LIBDEFLATE_SUCCESS else {
      libdeflate_free_decompressor(decompressor)
      self.decompressor = nil
      return nil
    }
    start += taken
    return given
  }

  private func inflatePiece(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try fill(atLeast: 1)
    let target = buffer.prefix(1 << 30)
    stream.pointee.next_out = target.base.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(target.count)
    stream.pointee.next_in = input.baseAddress?.advanced(by: start).assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(end - start)
    let result = inflate(stream, Z_NO_FLUSH)
    start = end - Int(stream.pointee.avail_in)
    let count = target.count - Int(stream.pointee.avail_out)
    switch result {
    case Z_OK: break
    case Z_STREAM_END:
      isWithinMember = false
      inflateReset(stream)
    case Z_BUF_ERROR where isSourceAtEnd && start == end && count == 0:
      throw Failure("\(name): the compressed data is cut off", help: "make the archive again")
    case Z_BUF_ERROR: break
    default: throw Failure("\(name): the compressed data is damaged", help: "make the archive again")
    }
    return count
  }

  /// Reads until there are so many bytes in `input`, or all that are left.
  private func fill(atLeast count: Int) throws {
    while end - start < count, !isSourceAtEnd {
      if start == end {
        (start, end) = (0, 0)
      } else if end == input.count || start > input.count - count {
        input.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[start..<end]))
        (start, end) = (0, end - start)
      }
      let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: input[end...]))
      end += read
      isSourceAtEnd = read == 0
    }
  }

  /// Between members: whether nothing or only zeros follow, as tape blocks have them.
  private func isAtTrailer() throws -> Bool {
    while true {
      try fill(atLeast: 1)
      if start == end { return true }
      if input[start] != 0 { return false }
      start += 1
    }
  }
}
