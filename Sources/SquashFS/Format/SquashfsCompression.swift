internal import CDeflate
internal import CZstd
internal import ImageModel

/// How the blocks of an image are compressed.
package enum SquashfsCompression: Hashable, Sendable {
  /// Level 1…12 of libdeflate; every reader knows the format.
  case gzip(level: Int = 6)
  /// Level 1…19.
  case zstd(level: Int = 3)

  /// As the superblock names it.
  var number: UInt16 {
    switch self {
    case .gzip: 1
    case .zstd: 6
    }
  }

  /// What blocks depend on besides their bytes.
  package var identity: String {
    switch self {
    case .gzip(let level): "gzip \(level) libdeflate \(LIBDEFLATE_VERSION_STRING)"
    case .zstd(let level): "zstd \(level) libzstd \(ZSTD_versionNumber())"
    }
  }

  /// What stands behind the superblock; nil where readers take the same for granted.
  var options: [UInt8]? {
    var bytes: [UInt8] = []
    switch self {
    case .gzip(let level):
      // The format ends at 9, its default.
      if level >= 9 { return nil }
      bytes.append(little: UInt32(level))
      bytes.append(little: UInt16(15))
      bytes.append(little: UInt16(0))
    case .zstd(let level):
      if level == 15 { return nil }
      bytes.append(little: UInt32(level))
    }
    return bytes
  }

  func check() throws(Failure) {
    switch self {
    case .gzip(let level) where !(1...12 ~= level):
      throw Failure("gzip has no level \(level)", help: "use a level of 1 to 12")
    case .zstd(let level) where !(1...19 ~= level):
      throw Failure("zstd level \(level) is not offered", help: "use a level of 1 to 19")
    default: break
    }
  }
}

/// Compresses blocks, one after the other, on one thread.
final class BlockCompressor {
  private let compression: SquashfsCompression
  /// Nil when there was no memory for it.
  private let context: OpaquePointer?

  init(_ compression: SquashfsCompression) {
    self.compression = compression
    switch compression {
    case .gzip(let level): context = libdeflate_alloc_compressor(Int32(level))
    case .zstd: context = ZSTD_createCCtx()
    }
  }

  deinit {
    switch compression {
    case .gzip: libdeflate_free_compressor(context)
    case .zstd: ZSTD_freeCCtx(context)
    }
  }

  /// - Parameter output: at least as large as the input.
  /// - Returns: how many bytes of the output count; 0 when the input becomes no smaller; nil without memory.
  func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
    guard let context else { return nil }
    let limit = min(output.count, input.count)
    let count: Int
    switch compression {
    case .gzip:
      count = libdeflate_zlib_compress(context, input.baseAddress, input.count, output.baseAddress, limit)
    case .zstd(let level):
      let result = ZSTD_compressCCtx(
        context, output.baseAddress, output.count, input.baseAddress, input.count, Int32(level))
      if ZSTD_isError(result) != 0 {
        // The one error that says something of the input: the output has no room.
        return ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall ? 0 : nil
      }
      count = result
    }
    return count < input.count ? count : 0
  }
}

/// Decompresses blocks of any level, one after the other, on one thread.
final class BlockDecompressor {
  private enum Context {
    case gzip(OpaquePointer?)
    case zstd(OpaquePointer?)
  }

  private let context: Context

  /// - Parameter number: of the compressor, as the superblock names it; nil for one that is not known here.
  init?(number: UInt16) {
    switch number {
    case 1: context = .gzip(libdeflate_alloc_decompressor())
    case 6: context = .zstd(ZSTD_createDCtx())
    default: return nil
    }
  }

  deinit {
    switch context {
    case .gzip(let context): libdeflate_free_decompressor(context)
    case .zstd(let context): ZSTD_freeDCtx(context)
    }
  }

  /// - Returns: how many bytes came out; nil when the input is damaged or the output has no room.
  func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
    switch context {
    case .gzip(nil), .zstd(nil): return nil
    case .gzip(let context?):
      var count = 0
      let result = libdeflate_zlib_decompress(
        context, input.baseAddress, input.count, output.baseAddress, output.count, &count)
      return result == LIBDEFLATE_SUCCESS ? count : nil
    case .zstd(let context?):
      let count = ZSTD_decompressDCtx(context, output.baseAddress, output.count, input.baseAddress, input.count)
      return ZSTD_isError(count) == 0 ? count : nil
    }
  }
}
