/// Reads packed little-endian fields one after the other.
struct FieldReader {
  private var rest: ArraySlice<UInt8>

  /// - Precondition: no more is read than there is.
  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func bytes(_ count: Int) -> ArraySlice<UInt8> {
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// Bytes up to a zero byte; the field takes all `count`.
  mutating func text(_ count: Int) -> [UInt8] { Array(bytes(count).prefix { $0 != 0 }) }

  mutating func byte() -> UInt8 { bytes(1).first ?? 0 }
  mutating func int32() -> Int32 { Int32(truncatingIfNeeded: number(4)) }
  mutating func uint32() -> UInt32 { UInt32(truncatingIfNeeded: number(4)) }
  mutating func int64() -> Int { Int(truncatingIfNeeded: number(8)) }

  private mutating func number(_ count: Int) -> UInt64 {
    bytes(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// Writes packed little-endian fields one after the other.
struct FieldWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ value: [UInt8]) { bytes.append(contentsOf: value) }

  /// Bytes in a field of `count`, filled up with zero bytes.
  /// - Precondition: they fit.
  mutating func put(_ value: [UInt8], in count: Int) {
    bytes.append(contentsOf: value)
    bytes.append(contentsOf: repeatElement(0, count: count - value.count))
  }
}
