/// Tells a record from one that was torn or damaged: whatever changes one of its words changes the sum.
///
/// No protection against intent, which a cache does not need; with SHA-256 it would cost as much as a tenth of the looks
/// at files.
enum RecordSum {
  private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    // Two chains, so that one is multiplied while the other is.
    var (even, odd) = (factor, ~factor)
    var place = 0
    func word(at place: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }
    while place + 16 <= bytes.count {
      even = mixed(even, word(at: place))
      odd = mixed(odd, word(at: place + 8))
      place += 16
    }
    var last: UInt64 = 0
    while place < bytes.count {
      last = last << 8 | UInt64(bytes[place])
      even = mixed(even, last)
      place += 1
    }
    return mixed(mixed(even, odd), UInt64(bytes.count))
  }

  /// Of two that differ in one argument the results differ.
  private static func mixed(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    let product = (sum ^ word) &* factor
    return product ^ product >> 29
  }
}
