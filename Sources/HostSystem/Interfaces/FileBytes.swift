/// Bytes that stay where they are while something refers to them: a mapped file, or an array's copy.
///
/// Unchecked, because a pointer is not Sendable. Proof: the bytes are never written after `init`, no member changes,
/// and `release` runs once, when nobody can look any more.
package final class FileBytes: @unchecked Sendable {
  package let start: UnsafeRawPointer
  package let count: Int
  private let release: () -> Void

  /// - Parameter release: gives the bytes back.
  init(_ start: UnsafeRawPointer, count: Int, release: @escaping () -> Void) {
    self.start = start
    self.count = count
    self.release = release
  }

  package convenience init(_ array: [UInt8]) {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, array.count), alignment: 16)
    array.withUnsafeBytes { source in
      if let base = source.baseAddress { copy.copyMemory(from: base, byteCount: source.count) }
    }
    self.init(copy, count: array.count) { copy.deallocate() }
  }

  deinit { release() }

  /// - Precondition: the range lies within; the bytes are valid while this object is.
  package subscript(range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count)
  }
}
