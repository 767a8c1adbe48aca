/// Sixteen hexadecimal digits and the number that they write, all of them at once: lockfiles hold a hundred thousand
/// digests.
enum HexDigits {
  /// In lower case.
  static func of(_ word: UInt64) -> SIMD16<UInt8> {
    let bytes = unsafeBitCast(word.bigEndian, to: SIMD8<UInt8>.self)
    return text(SIMD16(evenHalf: bytes &>> 4, oddHalf: bytes & 15))
  }

  /// Nil for anything but digits in lower case.
  static func word(_ digits: SIMD16<UInt8>) -> UInt64? {
    let values = (digits & 15) &+ (digits &>> 6) &* 9
    guard text(values & 15) == digits else { return nil }
    return UInt64(bigEndian: unsafeBitCast(values.evenHalf &<< 4 | values.oddHalf, to: UInt64.self))
  }

  private static func text(_ values: SIMD16<UInt8>) -> SIMD16<UInt8> {
    let letters = SIMD16<UInt8>(repeating: UInt8(ascii: "a") - 10 - UInt8(ascii: "0"))
    return values &+ UInt8(ascii: "0") &+ letters.replacing(with: 0, where: values .< 10)
  }
}

extension SIMD16<UInt8> {
  fileprivate init(evenHalf: SIMD8<UInt8>, oddHalf: SIMD8<UInt8>) {
    self.init()
    (self.evenHalf, self.oddHalf) = (evenHalf, oddHalf)
  }
}
