import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SquashFS

struct PackingTests {
  @Test func theSameContentIsStoredOnce() throws {
    for seed in Soak.seeds(8) {
      var random = SeededGenerator(seed: seed)
      let contents = (0..<4).map { _ in random.noise(Int.random(in: 0...400_000, using: &random)) }
      // One differs from another in its last byte alone.
      let twin = contents[0].isEmpty ? [] : contents[0].dropLast() + [contents[0].last.map { ~$0 } ?? 0]
      func size(_ repeated: Int) throws -> Int {
        let sink = MemorySink()
        let writer = try SquashfsWriter(to: sink, options: SquashfsWriter.Options())
        var ids: [Set<SquashfsWriter.ContentID>] = Array(repeating: [], count: 5)
        for _ in 0...repeated {
          for (index, content) in (contents + [twin]).enumerated() { ids[index].insert(try writer.add(content)) }
        }
        #expect(ids.allSatisfy { $0.count == 1 }, "seed \(seed)")
        let distinct = Set(contents + [twin])
        #expect(Set(ids.flatMap { $0 }).count == distinct.count, "seed \(seed)")
        var tree = SquashfsTree(root: .init(mode: 0o755))
        for (index, id) in ids.flatMap({ $0 }).enumerated() {
          try tree.add(.file(id), .init(mode: 0o644), named: "\(index)".utf8)
        }
        _ = try writer.finish(tree)
        var found: [[UInt8]] = []
        let reader = try sink.reader()
        try reader.forEachEntry { entry in
          guard case .file(let file) = entry.inode.kind else { return }
          found.append([])
          try reader.forEachPiece(of: file) { found[found.count - 1].append(contentsOf: $0) }
        }
        #expect(found == contents + [twin], "seed \(seed)")
        return reader.size
      }
      // The places of left out ends may make fragment blocks smaller and so more: a few bytes each.
      let difference = try size(3) - size(0)
      #expect(difference < 4000, "seed \(seed)")
    }
  }

  /// The promise that blocks of a layer can be taken from another image that has it.
  @Test func hiddenFilesChangeNoOtherBlock() throws {
    for seed in Soak.seeds(10) {
      var random = SeededGenerator(seed: seed)
      let layer = (0..<40).map { number in
        random.noise(random.once(in: 6) ? Int.random(in: 0...300_000, using: &random) : 1 + number * 40)
      }
      let hidden = Set((0..<40).filter { _ in random.once(in: 10) })
      let above = (0..<10).map { _ in random.noise(Int.random(in: 1...50_000, using: &random)) }
      let whole = try blocks(of: layer, hidden: [], above: [])
      let partly = try blocks(of: layer, hidden: hidden, above: above)
      let touched = Set(hidden.compactMap { whole[$0]?.fragmentNumber })
      for index in layer.indices where !hidden.contains(index) {
        let (first, second) = (try #require(whole[index]), try #require(partly[index]))
        #expect(first.blocks == second.blocks, "seed \(seed), file \(index)")
        if let number = first.fragmentNumber, !touched.contains(number) {
          #expect(first.fragment == second.fragment && first.offset == second.offset, "seed \(seed), file \(index)")
        }
      }
    }
  }

  private struct Stored {
    var blocks: [[UInt8]] = []
    var fragment: [UInt8] = []
    var fragmentNumber: Int?
    var offset = 0
  }

  /// The stored bytes of each file of a layer that is not hidden.
  private func blocks(of layer: [[UInt8]], hidden: Set<Int>, above: [[UInt8]]) throws -> [Int: Stored] {
    let sink = MemorySink()
    let writer = try SquashfsWriter(to: sink, options: SquashfsWriter.Options())
    for content in above { _ = try writer.add(content) }
    try writer.layerBegins()
    var tree = SquashfsTree(root: .init(mode: 0o755))
    for (index, content) in layer.enumerated() {
      if hidden.contains(index) {
        try writer.skipFile(size: content.count)
      } else {
        try tree.add(.file(try writer.add(content)), .init(mode: 0o644), named: "\(index)".utf8)
      }
    }
    _ = try writer.finish(tree)
    var stored: [Int: Stored] = [:]
    let reader = try sink.reader()
    try reader.forEachEntry { entry in
      guard case .file(let file) = entry.inode.kind, let index = Int(String(decoding: entry.path, as: UTF8.self)) else {
        return
      }
      var found = Stored()
      try reader.forEachBlock(of: file) { found.blocks.append(try reader.storedBytes(of: $0)) }
      if let fragment = file.fragment {
        found.fragment = try reader.storedBytes(of: try reader.fragmentBlock(fragment.number))
        (found.fragmentNumber, found.offset) = (fragment.number, fragment.offset)
      }
      stored[index] = found
    }
    return stored
  }

  @Test func zerosTakeNoRoomAndNoiseItsOwn() throws {
    var random = SeededGenerator(seed: 5)
    let block = DataBlock.size
    let (zeros, noise) = ([UInt8](repeating: 0, count: 3 * block), random.noise(block))
    let sink = MemorySink()
    var tree = ModelTree()
    tree.add("mixed".utf8, .file(zeros + noise + zeros + [1]))
    tree.add("zeros".utf8, .file(zeros))
    _ = try tree.write(to: sink, SquashfsWriter.Options())
    let reader = try sink.reader()
    #expect(try reader.lines() == tree.lines)
    try reader.forEachEntry { entry in
      guard case .file(let file) = entry.inode.kind else { return }
      var blocks: [SquashfsBlock] = []
      try reader.forEachBlock(of: file) { blocks.append($0) }
      let isMixed = entry.path == Array("mixed".utf8)
      #expect(blocks.map(\.storedSize) == (isMixed ? [0, 0, 0, block, 0, 0, 0] : [0, 0, 0]))
      #expect(blocks.allSatisfy { $0.isRaw == ($0.storedSize > 0) })
    }
    #expect(sink.bytes.count < block + 8192)
  }

  @Test func afterAWriteFailureNothingHangs() throws {
    for seed in Soak.seeds(15) {
      var random = SeededGenerator(seed: seed)
      let tree = random.tree(entries: 20)
      let options = random.options()
      let whole = MemorySink()
      _ = try tree.write(to: whole, options)
      let limit = Int.random(in: 0..<whole.bytes.count, using: &random)
      #expect(throws: MemorySink.Full.self, "seed \(seed)") {
        _ = try tree.write(to: MemorySink(limit: limit), options)
      }
    }
  }
}
