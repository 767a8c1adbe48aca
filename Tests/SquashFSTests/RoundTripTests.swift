import SquashFS
import TestSupport
import Testing

struct RoundTripTests {
  @Test(arguments: 0..<4) func whatIsWrittenIsRead(part: Int) throws {
    for seed in Soak.seeds(40, part: part) {
      var random = SeededGenerator(seed: seed)
      let tree = random.tree(entries: seed.isMultiple(of: 10) ? 600 : 30)
      let sink = MemorySink()
      let report = try tree.write(to: sink, random.options()) { writer, _ in
        if random.once(in: 10) { try writer.layerBegins() }
        if random.once(in: 10) { try writer.skipFile(size: Int.random(in: 0...300_000, using: &random)) }
      }
      let reader = try sink.reader()
      #expect(try reader.lines() == tree.lines, "seed \(seed)")
      #expect(try reader.verify().names == tree.lines.count, "seed \(seed)")
      #expect(report.size == sink.bytes.count && sink.bytes.count.isMultiple(of: 4096), "seed \(seed)")
      #expect(report.inodes == tree.nodes.count && report.droppedAttributes.isEmpty, "seed \(seed)")
    }
  }

  @Test func theNumberOfThreadsMakesNoDifference() throws {
    for seed in Soak.seeds(20) {
      var random = SeededGenerator(seed: seed)
      let tree = random.tree(entries: 60)
      var options = random.options()
      var images: [[UInt8]] = []
      for threads in [1, 2, 5] {
        options.threads = threads
        let sink = MemorySink()
        _ = try tree.write(to: sink, options)
        images.append(sink.bytes)
      }
      #expect(images[0] == images[1] && images[0] == images[2], "seed \(seed)")
    }
  }
}
