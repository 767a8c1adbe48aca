/// Text of an instruction after its lines are joined, each byte with the offset that it has in the file.
struct MappedText: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var offsets: [Int] = []
  /// Where the text stands when it is empty.
  private var place: Int

  init(at place: Int) { self.place = place }

  mutating func append(_ byte: UInt8, at offset: Int) {
    bytes.append(byte)
    offsets.append(offset)
  }

  mutating func append(contentsOf slice: ArraySlice<UInt8>) {
    bytes.append(contentsOf: slice)
    offsets.append(contentsOf: slice.indices)
  }

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The offset in the file of the first byte.
  var start: Int { offsets.first ?? place }

  /// The bytes of the file from the first to the last one; what joined lines left out lies between.
  var range: Range<Int> { start..<(offsets.last.map { $0 + 1 } ?? start) }

  subscript(slice: Range<Int>) -> MappedText {
    var part = MappedText(at: slice.lowerBound < count ? offsets[slice.lowerBound] : range.upperBound)
    part.bytes = Array(bytes[slice])
    part.offsets = Array(offsets[slice])
    return part
  }

  func dropFirst(_ length: Int) -> MappedText { self[min(length, count)..<count] }

  /// Without white space at both ends.
  var trimmed: MappedText {
    var low = 0
    var high = count
    while low < high, Ascii.isSpace(bytes[low]) { low += 1 }
    while high > low, Ascii.isSpace(bytes[high - 1]) { high -= 1 }
    return self[low..<high]
  }

  /// The words between white space.
  var words: [MappedText] {
    var words: [MappedText] = []
    var position = 0
    while position < count {
      if Ascii.isSpace(bytes[position]) {
        position += 1
      } else {
        let end = bytes[position...].firstIndex(where: Ascii.isSpace) ?? count
        words.append(self[position..<end])
        position = end
      }
    }
    return words
  }
}
