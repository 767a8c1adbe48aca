/// Decompresses a DEFLATE stream (RFC 1951) as it is read.
///
/// As zlib does, bit by bit, but twice as fast: bits are taken eight bytes at a time, and matches are copied so, wherever input
/// and output leave room for it. What an image's layers consist of is mostly such streams, of any length, which libdeflate
/// does not take.
final class Inflater {
  enum Fault: Error { case damaged, cutOff }

  private enum State {
    case header
    /// So many bytes are to be copied.
    case stored(Int)
    case codes
    case end
  }

  private let input: CompressedInput
  private var state = State.header
  private var isLastBlock = false
  /// The next bits, the first one lowest, and how many of them count. Above these may stand what follows in the input.
  private var bits: UInt64 = 0
  private var bitCount = 0
  private var literals = HuffmanTable.literals()
  private var distances = HuffmanTable.distances()
  private var lengths = HuffmanTable.lengths()

  /// The end of what was given by earlier calls.
  private let window = UnsafeMutablePointer<UInt8>.allocate(capacity: windowSize)
  private var windowCount = 0
  /// What is left of a match that had no room.
  private var (matchLength, matchDistance) = (0, 0)
  private static let windowSize = 1 << 15
  private static let longestMatch = 258

  init(_ input: CompressedInput) { self.input = input }
  deinit { window.deallocate() }

  /// Where the output of one call goes.
  private struct Output {
    let start: UnsafeMutablePointer<UInt8>
    let end: UnsafeMutablePointer<UInt8>
    var next: UnsafeMutablePointer<UInt8>

    var room: Int { end - next }
  }

  /// Another stream follows.
  func reset() {
    (state, bits, bitCount, windowCount, matchLength) = (.header, 0, 0, 0, 0)
  }

  /// - Returns: fewer bytes than there is room for only at the end of the stream; the input then stands behind it.
  /// - Throws: `Fault`, and what the source throws.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), !buffer.isEmpty else { return 0 }
    var output = Output(start: base, end: base + buffer.count, next: base)
    if matchLength > 0 { try copyMatch(&output) }
    while output.room > 0 {
      switch state {
      case .header: try readHeader()
      case .stored(let left):
        try input.fill(atLeast: 1)
        let count = min(left, input.count, output.room)
        if count == 0 { throw Fault.cutOff }
        UnsafeMutableRawBufferPointer(start: output.next, count: count).copyBytes(from: input.bytes.prefix(count))
        input.start += count
        output.next += count
        if left == count { endBlock() } else { state = .stored(left - count) }
      case .codes: try readCodes(&output)
      case .end:
        keepWindow(output)
        return output.next - output.start
      }
    }
    keepWindow(output)
    return output.next - output.start
  }

  private func keepWindow(_ output: Output) {
    let count = output.next - output.start
    if count >= Self.windowSize {
      window.update(from: output.next - Self.windowSize, count: Self.windowSize)
      windowCount = Self.windowSize
    } else {
      let kept = min(windowCount, Self.windowSize - count)
      window.update(from: window + (windowCount - kept), count: kept)
      (window + kept).update(from: output.start, count: count)
      windowCount = kept + count
    }
  }

  // MARK: bits

  /// Makes so many bits count, or all that are left.
  private func need(_ count: Int) throws {
    while bitCount < count {
      if input.count == 0 {
        // What counts already stays in memory, for `align` may give it back.
        let kept = bitCount >> 3
        input.start -= kept
        try input.fill(atLeast: kept + 1)
        input.start += kept
        if input.count == 0 { return }
      }
      bits |= UInt64(input.bytes[0]) << UInt64(bitCount)
      input.start += 1
      bitCount += 8
    }
  }

  private func drop(_ count: Int) throws {
    bits >>= UInt64(count)
    bitCount -= count
    if bitCount < 0 { throw Fault.cutOff }
  }

  private func take(_ count: Int) throws -> Int {
    try need(count)
    let value = Int(bits & (1 << UInt64(count) - 1))
    try drop(count)
    return value
  }

  /// Gives whole bytes back to the input, and forgets the rest of a begun one.
  private func align() {
    input.start -= bitCount >> 3
    (bits, bitCount) = (0, 0)
  }

  // MARK: blocks

  private func endBlock() {
    if isLastBlock {
      align()
      state = .end
    } else {
      state = .header
    }
  }

  private func readHeader() throws {
    isLastBlock = try take(1) == 1
    switch try take(2) {
    case 0:
      align()
      let (count, complement) = (try take(16), try take(16))
      guard count == ~complement & 0xffff else { throw Fault.damaged }
      state = .stored(count)
      if count == 0 { endBlock() }
    case 1:
      let codes = (0..<288).map { UInt8($0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8) }
      guard literals.build(codes), distances.build([UInt8](repeating: 5, count: 32)) else { throw Fault.damaged }
      state = .codes
    case 2: try readCodeLengths()
    default: throw Fault.damaged
    }
  }

  private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private func readCodeLengths() throws {
    let (literalCount, distanceCount, count) = (try take(5) + 257, try take(5) + 1, try take(4) + 4)
    guard literalCount <= 286, distanceCount <= 30 else { throw Fault.damaged }
    var lengths = [UInt8](repeating: 0, count: 19)
    for index in Self.lengthOrder.prefix(count) { lengths[index] = UInt8(try take(3)) }
    guard self.lengths.build(lengths, mayBeIncomplete: false) else { throw Fault.damaged }
    var codes: [UInt8] = []
    codes.reserveCapacity(literalCount + distanceCount + 138)
    while codes.count < literalCount + distanceCount {
      try need(14)
      let entry = self.lengths.entries[Int(bits & 127)]
      try drop(Int(entry & 0xff))
      switch Int(entry >> 16) {
      case 16:
        guard let last = codes.last else { throw Fault.damaged }
        codes.append(contentsOf: repeatElement(last, count: try take(2) + 3))
      case 17: codes.append(contentsOf: repeatElement(0, count: try take(3) + 3))
      case 18: codes.append(contentsOf: repeatElement(0, count: try take(7) + 11))
      case let length: codes.append(UInt8(length))
      }
    }
    // Without an end no such block ends.
    guard codes.count == literalCount + distanceCount, codes[256] > 0,
      literals.build(codes[..<literalCount]), distances.build(codes[literalCount...])
    else { throw Fault.damaged }
    state = .codes
  }

  // MARK: codes

  /// Until the block or the room ends.
  private func readCodes(_ output: inout Output) throws {
    while output.room > 0 {
      if try readFast(&output) || readOne(&output) { return endBlock() }
    }
  }

  /// As far as input and output leave room for whole words.
  /// - Returns: whether the block has ended.
  private func readFast(_ output: inout Output) throws -> Bool {
    // Of three literals and a match: what is read, and what is written, of which up to 40 bytes do not count.
    guard input.count >= 32, let start = input.bytes.baseAddress, output.room >= Self.longestMatch + 64 else {
      return false
    }
    let lastInput = start + (input.count - 24)
    let lastOutput = output.end - (Self.longestMatch + 48)
    var (source, next, bits, bitCount) = (start, output.next, self.bits, UInt64(self.bitCount))
    let (literals, distances) = (literals.entries, distances.entries)
    var isBlockAtEnd = false
    defer {
      input.start += source - start
      output.next = next
      (self.bits, self.bitCount) = (bits, Int(bitCount))
    }
    func refill() {
      bits |= UInt64(littleEndian: source.loadUnaligned(as: UInt64.self)) &<< bitCount
      source += Int((63 &- bitCount) >> 3)
      bitCount |= 56
    }
    func drop(_ entry: UInt32) {
      bits &>>= UInt64(entry & 0xff)
      bitCount &-= UInt64(entry & 0xff)
    }
    while source <= lastInput, next <= lastOutput {
      refill()
      var entry = literals[Int(bits & 0x7ff)]
      if entry & HuffmanTable.literal != 0 {
        drop(entry)
        next.pointee = UInt8(truncatingIfNeeded: entry >> 16)
        next += 1
        entry = literals[Int(bits & 0x7ff)]
        if entry & HuffmanTable.literal != 0 {
          drop(entry)
          next.pointee = UInt8(truncatingIfNeeded: entry >> 16)
          next += 1
          entry = literals[Int(bits & 0x7ff)]
          if entry & HuffmanTable.literal != 0 {
            drop(entry)
            next.pointee = UInt8(truncatingIfNeeded: entry >> 16)
            next += 1
            continue
          }
        }
      }
      if entry & HuffmanTable.exceptional != 0 {
        if entry & HuffmanTable.subtable != 0 {
          drop(entry)
          entry = literals[Int(entry >> 16) &+ Int(bits & (1 &<< UInt64(entry >> 8 & 15) &- 1))]
        }
        if entry & HuffmanTable.literal != 0 {
          drop(entry)
          next.pointee = UInt8(truncatingIfNeeded: entry >> 16)
          next += 1
          continue
        }
        if entry & HuffmanTable.exceptional != 0 {
          guard entry & HuffmanTable.endOfBlock != 0 else { throw Fault.damaged }
          drop(entry)
          isBlockAtEnd = true
          break
        }
      }
      let length = Int(entry >> 16) &+ Self.extra(entry, bits)
      drop(entry)
      refill()
      entry = distances[Int(bits & 0xff)]
      if entry & HuffmanTable.exceptional != 0 {
        guard entry & HuffmanTable.subtable != 0 else { throw Fault.damaged }
        drop(entry)
        entry = distances[Int(entry >> 16) &+ Int(bits & (1 &<< UInt64(entry >> 8 & 15) &- 1))]
        guard entry & HuffmanTable.exceptional == 0 else { throw Fault.damaged }
      }
      let distance = Int(entry >> 16) &+ Self.extra(entry, bits)
      drop(entry)
      if distance > next - output.start {
        (matchLength, matchDistance, output.next) = (length, distance, next)
        try copyMatch(&output)
        next = output.next
      } else {
        Self.copy(to: next, distance, length)
        next += length
      }
    }
    return isBlockAtEnd
  }

  /// What the bits behind a code add to its value.
  @inline(__always) private static func extra(_ entry: UInt32, _ bits: UInt64) -> Int {
    Int((bits & (1 &<< UInt64(entry & 0xff) &- 1)) &>> UInt64(entry >> 8 & 15))
  }

  /// Writes up to 40 bytes more.
  @inline(__always)
  private static func copy(to target: UnsafeMutablePointer<UInt8>, _ distance: Int, _ length: Int) {
    var target = UnsafeMutableRawPointer(target)
    let end = target + length
    if distance >= 8 {
      repeat {
        target.storeBytes(of: (target - distance).loadUnaligned(as: UInt64.self), as: UInt64.self)
        (target + 8).storeBytes(of: (target + (8 - distance)).loadUnaligned(as: UInt64.self), as: UInt64.self)
        target += 16
      } while target < end
    } else if distance == 1 {
      let word = UInt64((target - 1).load(as: UInt8.self)) &* 0x0101_0101_0101_0101
      repeat {
        target.storeBytes(of: word, as: UInt64.self)
        target += 8
      } while target < end
    } else {
      repeat {
        target.storeBytes(of: (target - distance).load(as: UInt8.self), as: UInt8.self)
        target += 1
      } while target < end
    }
  }

  /// With an eye on every byte.
  /// - Returns: whether the block has ended.
  private func readOne(_ output: inout Output) throws -> Bool {
    try need(48)
    let entry = try code(literals.entries, 11)
    if entry & HuffmanTable.literal != 0 {
      try drop(Int(entry & 0xff))
      output.next.pointee = UInt8(truncatingIfNeeded: entry >> 16)
      output.next += 1
      return false
    }
    if entry & HuffmanTable.exceptional != 0 {
      guard entry & HuffmanTable.endOfBlock != 0 else { throw Fault.damaged }
      try drop(Int(entry & 0xff))
      return true
    }
    let length = Int(entry >> 16) + Self.extra(entry, bits)
    try drop(Int(entry & 0xff))
    let far = try code(distances.entries, 8)
    guard far & HuffmanTable.exceptional == 0 else { throw Fault.damaged }
    let distance = Int(far >> 16) + Self.extra(far, bits)
    try drop(Int(far & 0xff))
    (matchLength, matchDistance) = (length, distance)
    try copyMatch(&output)
    return false
  }

  private func code(_ entries: UnsafeMutablePointer<UInt32>, _ width: UInt64) throws -> UInt32 {
    let entry = entries[Int(bits & (1 << width - 1))]
    guard entry & HuffmanTable.subtable != 0, entry & HuffmanTable.literal == 0,
      entry & HuffmanTable.exceptional != 0
    else { return entry }
    try drop(Int(entry & 0xff))
    return entries[Int(entry >> 16) + Int(bits & (1 << UInt64(entry >> 8 & 15) - 1))]
  }

  /// As much of the match as there is room for.
  private func copyMatch(_ output: inout Output) throws {
    let given = output.next - output.start
    guard matchDistance <= given + windowCount else { throw Fault.damaged }
    var count = min(matchLength, output.room)
    matchLength -= count
    if matchDistance > given {
      let old = min(count, matchDistance - given)
      output.next.update(from: window + (windowCount - (matchDistance - given)), count: old)
      output.next += old
      count -= old
    }
    for _ in 0..<count {
      output.next.pointee = (output.next - matchDistance).pointee
      output.next += 1
    }
  }
}
