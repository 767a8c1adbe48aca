import CZlib
import CZstd

/// One gzip member, as other programs than ours write it.
func gzip(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, level, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var (input, output) = (bytes, [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64))
  let (inputCount, outputCount) = (UInt32(input.count), UInt32(output.count))
  input.withUnsafeMutableBufferPointer { source in
    output.withUnsafeMutableBufferPointer { target in
      (stream.next_in, stream.avail_in) = (source.baseAddress, inputCount)
      (stream.next_out, stream.avail_out) = (target.baseAddress, outputCount)
      precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
    }
  }
  return Array(output[..<(output.count - Int(stream.avail_out))])
}

/// One zstd frame.
func zstd(_ bytes: [UInt8]) -> [UInt8] {
  var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
  let count = ZSTD_compress(&output, output.count, bytes, bytes.count, 3)
  precondition(ZSTD_isError(count) == 0)
  return Array(output[..<count])
}

/// A zstd frame that readers pass over.
func skippableFrame(_ bytes: [UInt8]) -> [UInt8] {
  [0x53, 0x2a, 0x4d, 0x18] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
}

extension Array where Element == UInt8 {
  /// Cut into pieces of random length, at least one.
  func cut(_ random: inout some RandomNumberGenerator) -> [[UInt8]] {
    let places = (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 0...count, using: &random) }
    let ends = places.sorted() + [count]
    return zip([0] + ends, ends).map { Array(self[$0..<$1]) }
  }
}
