extension [UInt8] {
  /// Whether these bytes stand before others in the order of bytes. Paths of one tree begin alike: eight are compared at
  /// once.
  package func precedes(_ other: [UInt8]) -> Bool {
    withUnsafeBytes { mine in
      other.withUnsafeBytes { theirs in
        let common = Swift.min(mine.count, theirs.count)
        var place = 0
        while place + 8 <= common {
          let (left, right) = (Self.word(mine, at: place), Self.word(theirs, at: place))
          if left != right { return left < right }
          place += 8
        }
        while place < common {
          if mine[place] != theirs[place] { return mine[place] < theirs[place] }
          place += 1
        }
        return mine.count < theirs.count
      }
    }
  }

  /// The first byte counts most.
  private static func word(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt64 {
    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
  }
}
