import HostSystem
import ImageModel
import TestSupport
import Testing

struct BackgroundHasherTests {
  @Test func itHashesWhatItIsGiven() {
    for seed in Soak.seeds(12) {
      var random = SeededGenerator(seed: seed)
      let bytes = [UInt8](repeating: 5, count: Int.random(in: 0...3 << 20, using: &random)) + random.bytes(100)
      let hasher = BackgroundHasher()
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + Int.random(in: 0...(random.once(in: 2) ? 1000 : 2 << 20), using: &random))
        bytes[start..<end].withUnsafeBytes { hasher.update($0) }
        start = end
      }
      #expect(hasher.finish() == Digest.sha256(bytes), "seed \(seed)")
    }
    let none = BackgroundHasher()
    #expect(none.finish() == Digest.sha256([]))
    let block = [UInt8](repeating: 1, count: 1 << 20)
    let whole = BackgroundHasher()
    block.withUnsafeBytes { whole.update($0) }
    #expect(whole.finish() == Digest.sha256(block))
  }
}
