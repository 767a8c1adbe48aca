internal import ImageModel

/// Numbers in little-endian form, read where they lie; nothing outside is read.
struct Bytes: Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func slice(_ offset: Int, _ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    guard offset >= 0, count >= 0, offset <= bytes.count - count else {
      throw Failure("a structure of the disk ends too early: it is damaged")
    }
    return bytes[offset..<offset + count]
  }

  func u8(_ offset: Int) throws(Failure) -> Int { Int(number(try slice(offset, 1))) }
  func u16(_ offset: Int) throws(Failure) -> Int { Int(number(try slice(offset, 2))) }
  func u32(_ offset: Int) throws(Failure) -> Int { Int(number(try slice(offset, 4))) }

  /// What is larger than any disk counts as the largest number.
  func u64(_ offset: Int) throws(Failure) -> Int { Int(clamping: number(try slice(offset, 8))) }

  private func number(_ slice: ArraySlice<UInt8>) -> UInt64 { slice.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  static func little(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
}
