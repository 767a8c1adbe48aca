internal import CZstd
internal import HostSystem
internal import ImageModel

/// Decompresses zstd, also of several frames one after the other, as it is read; skippable frames are skipped.
///
/// A frame that needs a window of more than 128 MiB is refused, as zstd itself does.
final class ZstdReader: ByteReader {
  private let source: any ByteReader
  private let name: String
  private let stream: OpaquePointer
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
  /// Bytes in `input` that zstd has not yet taken.
  private var (start, end) = (0, 0)
  private var isWithinFrame = false
  private var isSourceAtEnd = false
  private var isAtEnd = false

  init(_ source: any ByteReader, name: String) throws {
    self.source = source
    self.name = name
    guard let stream = ZSTD_createDStream() else { throw Failure("\(name): cannot decompress: out of memory") }
    self.stream = stream
  }

  deinit {
    ZSTD_freeDStream(stream)
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !isAtEnd, !buffer.isEmpty else { return 0 }
    while true {
      try fill()
      if !isWithinFrame {
        if try isAtTrailer() {
          isAtEnd = true
          return 0
        }
        isWithinFrame = true
      }
      var taken = ZSTD_inBuffer(src: input.baseAddress, size: end, pos: start)
      var given = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
      let result = ZSTD_decompressStream(stream, &given, &taken)
      guard ZSTD_isError(result) == 0 else {
        let reason = ZSTD_getErrorName(result).map { String(cString: $0) } ?? "unknown"
        throw Failure("\(name): the compressed data is damaged: \(reason)", help: "make the archive again")
      }
      start = taken.pos
      isWithinFrame = result != 0
      if given.pos > 0 { return given.pos }
      if isWithinFrame, isSourceAtEnd, start == end {
        throw Failure("\(name): the compressed data is cut off", help: "make the archive again")
      }
    }
  }

  private func fill() throws {
    guard start == end, !isSourceAtEnd else { return }
    (start, end) = (0, try source.read(into: input))
    isSourceAtEnd = end == 0
  }

  /// Between frames: whether nothing or only zeros follow.
  private func isAtTrailer() throws -> Bool {
    while true {
      try fill()
      if start == end { return true }
      if input[start] != 0 { return false }
      start += 1
    }
  }
}
