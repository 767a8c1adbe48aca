/// Eight hexadecimal digits and the number that they write, all of them at once: lockfiles hold a hundred thousand
/// digests.
///
/// A register holds one digit a byte, the first at the lowest place, as text lies in memory.
enum HexDigits {
  /// In lower case.
  static func of(_ number: UInt32) -> UInt64 {
    // Each step moves the upper half of every group to where the next group will be.
    var digits = UInt64(number.byteSwapped)
    digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
    digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
    digits = (digits >> 4 | digits << 8) & 0x0F0F_0F0F_0F0F_0F0F
    return text(digits)
  }

  /// Nil for anything but digits in lower case.
  static func number(_ text: UInt64) -> UInt32? {
    // Letters are 9 more than their last four bits say.
    let digits = (text & 0x0F0F_0F0F_0F0F_0F0F) &+ (text >> 6 & 0x0101_0101_0101_0101) &* 9
    guard digits & 0xF0F0_F0F0_F0F0_F0F0 == 0, self.text(digits) == text else { return nil }
    var number = (digits << 4 | digits >> 8) & 0x00FF_00FF_00FF_00FF
    number = (number | number >> 8) & 0x0000_FFFF_0000_FFFF
    return UInt32(truncatingIfNeeded: number | number >> 16).byteSwapped
  }

  /// - Parameter digits: each below 16.
  private static func text(_ digits: UInt64) -> UInt64 {
    // 6 more makes 16 of ten and above.
    let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return digits &+ 0x3030_3030_3030_3030 &+ letters &* 39
  }
}
