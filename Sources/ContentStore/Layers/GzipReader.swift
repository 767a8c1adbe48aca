internal import CDeflate
internal import HostSystem
internal import ImageModel

/// Decompresses gzip (RFC 1952), also of several members one after the other, as it is read.
///
/// Members of up to 1 MiB, as the store writes them, are decompressed as a whole by libdeflate when the reader's buffer has
/// room for one; after the first larger one `Inflater` does the rest.
final class GzipReader: ByteReader {
  private let input: CompressedInput
  private let inflater: Inflater
  private let name: String
  private let isVerified: Bool
  /// Nil when no whole members are expected.
  private var decompressor: OpaquePointer?
  private var isWithinMember = false
  private var isAtEnd = false
  // Of what the member held until now, as its end will say it.
  private var checksum: UInt32 = 0
  private var size: UInt32 = 0

  /// - Parameters:
  ///   - wholeMembers: whether the store may have written it.
  ///   - isVerified: whether the caller hashes what comes out: then it need not be summed here.
  init(_ source: any ByteReader, name: String, wholeMembers: Bool = false, isVerified: Bool = false) {
    self.name = name
    self.isVerified = isVerified
    input = CompressedInput(source, size: wholeMembers ? 1 << 21 : 1 << 18)
    inflater = Inflater(input)
    decompressor = wholeMembers ? libdeflate_alloc_decompressor() : nil
  }

  deinit { libdeflate_free_decompressor(decompressor) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !isAtEnd, !buffer.isEmpty else { return 0 }
    do {
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
          try beginMember()
        }
        let count = try inflatePiece(into: buffer)
        if count > 0 { return count }
      }
    } catch let fault as Inflater.Fault {
      let words = fault == .cutOff ? "cut off" : "damaged"
      throw Failure("\(name): the compressed data is \(words)", help: "make the archive again")
    }
  }

  /// Nil when the next member is too large, or damaged: the other way then tells.
  private func wholeMember(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
    guard let decompressor, buffer.count >= GzipMember.size else { return nil }
    try input.fill(atLeast: GzipMember.largestOutput)
    var (taken, given) = (0, 0)
    let result = libdeflate_gzip_decompress_ex(
      decompressor, input.bytes.baseAddress, input.count, buffer.baseAddress, GzipMember.size, &taken, &given)
    guard result == LIBDEFLATE_SUCCESS else {
      libdeflate_free_decompressor(decompressor)
      self.decompressor = nil
      return nil
    }
    input.start += taken
    return given
  }

  private func inflatePiece(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try inflater.read(into: buffer)
    if !isVerified { checksum = libdeflate_crc32(checksum, buffer.baseAddress, count) }
    size &+= UInt32(truncatingIfNeeded: count)
    if count < buffer.count {
      let sum = try number(bytes: 4)
      guard isVerified || sum == checksum, try number(bytes: 4) == size else { throw Inflater.Fault.damaged }
      isWithinMember = false
    }
    return count
  }

  /// Between members: whether nothing or only zeros follow, as tape blocks have them.
  private func isAtTrailer() throws -> Bool {
    while true {
      try input.fill(atLeast: 1)
      guard let byte = input.bytes.first else { return true }
      if byte != 0 { return false }
      input.start += 1
    }
  }

  // MARK: the frame of a member

  private enum Flag {
    static let checksum: UInt8 = 2
    static let extra: UInt8 = 4
    static let name: UInt8 = 8
    static let comment: UInt8 = 16
    static let reserved: UInt8 = 0xe0
  }

  /// Reads what stands before the compressed bytes, none of which counts.
  private func beginMember() throws {
    (checksum, size) = (0, 0)
    inflater.reset()
    let (magic, method, flags) = (try number(bytes: 2), try byte(), try byte())
    guard magic == 0x8b1f, method == 8, flags & Flag.reserved == 0 else { throw Inflater.Fault.damaged }
    _ = try (number(bytes: 4), number(bytes: 2))
    if flags & Flag.extra != 0 { for _ in 0..<(try number(bytes: 2)) { _ = try byte() } }
    for text in [Flag.name, Flag.comment] where flags & text != 0 { while try byte() != 0 {} }
    if flags & Flag.checksum != 0 {
      let sum = checksum & 0xffff
      guard try number(bytes: 2) == sum else { throw Inflater.Fault.damaged }
    }
    checksum = 0
    isWithinMember = true
  }

  private func byte() throws -> UInt8 {
    try input.fill(atLeast: 1)
    guard var byte = input.bytes.first else { throw Inflater.Fault.cutOff }
    input.start += 1
    // The header may have a sum of its own.
    if !isWithinMember { checksum = libdeflate_crc32(checksum, &byte, 1) }
    return byte
  }

  /// The low byte first.
  private func number(bytes count: UInt32) throws -> UInt32 {
    var number: UInt32 = 0
    for place in 0..<count { number |= UInt32(try byte()) << (8 * place) }
    return number
  }
}
