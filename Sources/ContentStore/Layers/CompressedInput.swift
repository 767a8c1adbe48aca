internal import HostSystem

/// Compressed bytes that were read and not yet taken.
final class CompressedInput {
  private let source: any ByteReader
  private let memory: UnsafeMutableRawBufferPointer
  /// Where the bytes that were not taken begin. It may be set back to what came with the last `fill`.
  var start = 0
  private var end = 0
  private var isSourceAtEnd = false
  /// Larger pieces would not stay in the cache until they are decompressed.
  private static let pieceSize = 1 << 18

  init(_ source: any ByteReader, size: Int) {
    self.source = source
    memory = .allocate(byteCount: size, alignment: 64)
  }

  deinit { memory.deallocate() }

  var count: Int { end - start }
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

  /// Reads until there are so many bytes, or all that are left.
  /// - Precondition: they have room.
  func fill(atLeast count: Int) throws {
    while self.count < count, !isSourceAtEnd {
      if start == end {
        (start, end) = (0, 0)
      } else if end == memory.count || start > memory.count - count {
        memory.copyMemory(from: bytes)
        (start, end) = (0, end - start)
      }
      let room = UnsafeMutableRawBufferPointer(rebasing: memory[end...].prefix(Self.pieceSize))
      let read = try source.read(into: room)
      end += read
      isSourceAtEnd = read == 0
    }
  }
}
