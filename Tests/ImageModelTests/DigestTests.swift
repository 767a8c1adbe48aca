import ImageModel
import TestSupport
import Testing

struct DigestTests {
  private static func read(_ text: [UInt8]) -> Digest? {
    text.withUnsafeBytes { Digest(text: $0) }
  }

  @Test func digitsAreThoseOfTheBytes() throws {
    for seed in Soak.seeds(200) {
      var random = SeededGenerator(seed: seed)
      let bytes = random.bytes(32)
      let digest = Digest(bytes: bytes)
      let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      #expect(digest.hex == digits && digest.description == "sha256:" + digits)
      #expect(Self.read(digest.text) == digest && Digest(digest.description) == digest)
      var sum: [UInt8] = []
      digest.appendChecksum(to: &sum)
      #expect(String(decoding: sum, as: UTF8.self) == digits.prefix(16))
    }
  }

  @Test func oneByteThatIsNoDigitMakesATextNoDigest() {
    for seed in Soak.seeds(2_000) {
      var random = SeededGenerator(seed: seed)
      let text = Digest(bytes: random.bytes(32)).text
      var other = text
      other[Int.random(in: 0..<text.count, using: &random)] = random.bytes(1)[0]
      let isDigest =
        other.prefix(7) == text.prefix(7)
        && other.dropFirst(7).allSatisfy { Array("0123456789abcdef".utf8).contains($0) }
      #expect((Self.read(other) != nil) == isDigest, "seed \(seed)")
      #expect(Self.read(Array(other.dropLast())) == nil)
    }
  }

  @Test func bytesAreInTheOrderOfBytes() {
    for seed in Soak.seeds(2_000) {
      var random = SeededGenerator(seed: seed)
      let common = random.bytes(Int.random(in: 0...20, using: &random))
      let (left, right) = (
        common + random.bytes(Int.random(in: 0...3, using: &random)),
        common + random.bytes(Int.random(in: 0...3, using: &random))
      )
      #expect(left.precedes(right) == left.lexicographicallyPrecedes(right), "seed \(seed)")
      #expect(!left.precedes(left))
    }
  }
}
