/// Line feeds in large texts, found eight bytes at a time: a journal has tens of megabytes.
extension UnsafeRawBufferPointer {
  private static var lineFeed: UInt8 { UInt8(ascii: "\n") }

  /// The upper bit of each of eight bytes that is a line feed; the first byte is the lowest.
  private func lineFeeds(at place: Int) -> UInt64 {
    let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: place, as: UInt64.self))
    // Zero where there is one; then no lower bit can carry into the upper one of its byte.
    let difference = word ^ 0x0A0A_0A0A_0A0A_0A0A
    let lower: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    return ~((difference & lower) &+ lower | difference | lower)
  }

  /// The place of the first one at or behind `start`; nil when there is none.
  func firstLineFeed(from start: Int) -> Int? {
    var place = start
    while place + 8 <= count {
      let found = lineFeeds(at: place)
      if found != 0 { return place + found.trailingZeroBitCount / 8 }
      place += 8
    }
    while place < count {
      if self[place] == Self.lineFeed { return place }
      place += 1
    }
    return nil
  }

  /// How many lines that are not empty end here.
  var filledLineCount: Int {
    var (lines, place) = (0, 1)
    while place + 8 <= count {
      lines += (lineFeeds(at: place) & ~lineFeeds(at: place - 1)).nonzeroBitCount
      place += 8
    }
    while place < count {
      if self[place] == Self.lineFeed, self[place - 1] != Self.lineFeed { lines += 1 }
      place += 1
    }
    return lines
  }
}
