/// What the next bits of a DEFLATE stream mean: one lookup for short codes, a second one for long ones.
///
/// An entry holds in its low byte how many bits it takes, those of the code and those behind it that count on; in the next four
/// bits how many of them are the code's; and in the upper half its value.
struct HuffmanTable: ~Copyable {
  /// The value is a literal byte.
  static let literal: UInt32 = 1 << 31
  /// One of the next two, or no code at all.
  static let exceptional: UInt32 = 1 << 15
  /// The value is the place of a second table, the four bits its index's.
  static let subtable: UInt32 = 1 << 14
  static let endOfBlock: UInt32 = 1 << 13
  static let longestCode = 15

  /// Bits of the first lookup.
  let bits: Int
  let entries: UnsafeMutablePointer<UInt32>
  private let symbols: [UInt32]
  private var sorted: [UInt16]

  /// - Parameters:
  ///   - room: entries of the largest table that a code of so many symbols can have.
  ///   - symbols: what each stands for, with the bits that count on.
  init(bits: Int, room: Int, symbols: [UInt32]) {
    self.bits = bits
    self.symbols = symbols
    entries = .allocate(capacity: room)
    entries.initialize(repeating: Self.exceptional, count: room)
    sorted = [UInt16](repeating: 0, count: symbols.count)
  }

  deinit { entries.deallocate() }

  /// - Parameter mayBeIncomplete: a single code of one bit, or none, will do, as zlib allows it.
  /// - Returns: false when the lengths are those of no code.
  mutating func build(_ lengths: some Sequence<UInt8>, mayBeIncomplete: Bool = true) -> Bool {
    var counts = InlineArray<16, Int>(repeating: 0)
    for length in lengths { counts[Int(length)] += 1 }
    var (left, longest) = (1, 0)
    for length in 1...Self.longestCode {
      left = left << 1 - counts[length]
      if left < 0 { return false }
      if counts[length] > 0 { longest = length }
    }
    guard left == 0 else {
      guard mayBeIncomplete, longest <= 1 else { return false }
      for index in 0..<1 << bits { entries[index] = Self.exceptional }
      for (symbol, length) in lengths.enumerated() where length == 1 {
        for index in stride(from: 0, to: 1 << bits, by: 2) { entries[index] = Self.entry(symbols[symbol], 1) }
      }
      return true
    }
    var places = InlineArray<16, Int>(repeating: 0)
    for length in 1..<Self.longestCode { places[length + 1] = places[length] + counts[length] }
    for (symbol, length) in lengths.enumerated() where length > 0 {
      sorted[places[Int(length)]] = UInt16(symbol)
      places[Int(length)] += 1
    }
    fill(counts, longest)
    return true
  }

  /// The code is complete: each entry is written.
  private func fill(_ counts: InlineArray<16, Int>, _ longest: Int) {
    // With its first bit lowest, as it comes.
    var (code, next, end, prefix, start, subtableBits) = (0, 0, 1 << bits, -1, 0, 0)
    for length in 1...longest {
      var left = counts[length]
      while left > 0 {
        let symbol = symbols[Int(sorted[next])]
        next += 1
        if length <= bits {
          let entry = Self.entry(symbol, length)
          var index = code
          while index < 1 << bits {
            entries[index] = entry
            index += 1 << length
          }
        } else {
          if code & (1 << bits - 1) != prefix {
            prefix = code & (1 << bits - 1)
            start = end
            // Large enough for the codes that are left with this beginning.
            subtableBits = length - bits
            var used = left
            while used < 1 << subtableBits {
              subtableBits += 1
              used = used << 1 + counts[bits + subtableBits]
            }
            end = start + 1 << subtableBits
            entries[prefix] =
              UInt32(start) << 16 | Self.exceptional | Self.subtable | UInt32(subtableBits) << 8 | UInt32(bits)
          }
          let entry = Self.entry(symbol, length - bits)
          for index in stride(from: start + code >> bits, to: end, by: 1 << (length - bits)) { entries[index] = entry }
        }
        left -= 1
        let clear = code ^ (1 << length - 1)
        if clear == 0 { return }
        // The next code: one more, counted from its first bit.
        let bit = 1 << (Int.bitWidth - 1 - clear.leadingZeroBitCount)
        code = code & (bit - 1) | bit
      }
    }
  }

  private static func entry(_ symbol: UInt32, _ length: Int) -> UInt32 { symbol + UInt32(length << 8 + length) }

  // MARK: the codes of DEFLATE

  /// Literals, lengths and the end of a block.
  static func literals() -> HuffmanTable {
    var symbols = (0..<256).map { literal | $0 << 16 } + [exceptional | endOfBlock]
    var base: UInt32 = 3
    for code in 0..<28 {
      let extra = UInt32(max(0, code / 4 - 1))
      symbols.append(base << 16 | extra)
      base += 1 << extra
    }
    symbols += [258 << 16, exceptional, exceptional]
    return HuffmanTable(bits: 11, room: 2342, symbols: symbols)
  }

  static func distances() -> HuffmanTable {
    var (symbols, base): ([UInt32], UInt32) = ([], 1)
    for code in 0..<30 {
      let extra = UInt32(max(0, code / 2 - 1))
      symbols.append(base << 16 | extra)
      base += 1 << extra
    }
    return HuffmanTable(bits: 8, room: 402, symbols: symbols + [exceptional, exceptional])
  }

  /// Lengths of the codes of the other two.
  static func lengths() -> HuffmanTable { HuffmanTable(bits: 7, room: 128, symbols: (0..<19).map { $0 << 16 }) }
}
