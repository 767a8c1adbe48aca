import TestSupport

extension SeededGenerator {
  /// The bytes with some of them exchanged, removed, doubled, or taken from another input.
  mutating func mutation(of bytes: [UInt8], among corpus: [[UInt8]]) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      let place = Int.random(in: 0...result.count, using: &self)
      let length = min(result.count - place, Int.random(in: 1...24, using: &self))
      let piece = result[place..<place + length]
      switch Int.random(in: 0..<8, using: &self) {
      case 0: result.removeSubrange(piece.indices)
      case 1: result.insert(contentsOf: piece, at: place)
      case 2: result.insert(contentsOf: repeatElement(piece, count: 20).joined(), at: place)
      case 3 where length > 0: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 4 where length > 0: result[place] = UInt8.random(in: .min ... .max, using: &self)
      case 5: result.insert(Self.marks.randomElement(using: &self) ?? 0, at: place)
      case 6: result.removeSubrange(place...)
      default:
        let other = corpus.randomElement(using: &self) ?? []
        let start = Int.random(in: 0...other.count, using: &self)
        let end = min(other.count, start + Int.random(in: 1...200, using: &self))
        result.replaceSubrange(piece.indices, with: other[start..<end])
      }
    }
    return result
  }

  /// Bytes that mean something to one of the readers.
  private static let marks = Array("\0\n\r\t \"'#$%&()*,-./:;<=>?@[\\]^_`{|}~!0".utf8) + [0x80, 0xC3, 0xE2, 0xF0, 0xFF]

  /// About `count` bytes: a piece of the input, or one before and one behind another, many times over.
  ///
  /// What a reader does in more than linear time shows only there.
  mutating func stretched(_ bytes: [UInt8], to count: Int) -> [UInt8] {
    guard !bytes.isEmpty, bytes.count < count else { return bytes }
    let places = (0..<4).map { _ in Int.random(in: 0...bytes.count, using: &self) }.sorted()
    let (first, last) = (bytes[places[0]..<places[1]].prefix(80), bytes[places[2]..<places[3]].prefix(80))
    let size = once(in: 2) ? first.count : first.count + last.count
    guard size > 0 else { return bytes }
    let times = (count - bytes.count) / size
    var result = Array(bytes[..<places[0]])
    for _ in 0..<times { result += first }
    result += bytes[places[0]..<places[3]]
    if size > first.count { for _ in 0..<times { result += last } }
    return result + bytes[places[3]...]
  }
}
