import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SquashFS

/// Taking blocks from earlier images changes no byte.
struct ReuseTests {
  /// What comes of a layer.
  private struct Step {
    var content: [UInt8]
    var isHidden = false
  }

  /// The layers of an image, the top one first.
  private typealias Stack = [[Step]]

  private struct Made {
    var bytes: [UInt8]
    var map: BlockMap
    /// How many contents came as bytes.
    var given = 0

    var earlier: EarlierImage { EarlierImage(MemorySource(FileBytes(bytes)), map) }
  }

  /// - Parameter isKnown: whether the digest of a content is known before its bytes.
  private func make(
    _ stack: Stack, _ options: SquashfsWriter.Options, reusing earlier: [EarlierImage] = [],
    isKnown: () -> Bool = { false }
  ) throws -> Made {
    let sink = MemorySink()
    let writer = try SquashfsWriter(to: sink, options: options, reusing: earlier)
    var tree = SquashfsTree(root: .init(mode: 0o755))
    var (number, given) = (0, 0)
    for layer in stack {
      try writer.layerBegins()
      for step in layer {
        number += 1
        if step.isHidden {
          try writer.skipFile(size: step.content.count)
          continue
        }
        let digest = isKnown() ? Digest.sha256(step.content) : nil
        let knows = digest.map { writer.knows($0, size: step.content.count) } ?? false
        let id: SquashfsWriter.ContentID
        if let digest, let known = try writer.file(digest, size: step.content.count) {
          #expect(knows)
          id = known
        } else {
          #expect(!knows)
          given += 1
          id = try writer.add(step.content, digest: digest, note: UInt8(truncatingIfNeeded: step.content.count))
        }
        #expect(step.content.isEmpty || writer.note(of: id) == UInt8(truncatingIfNeeded: step.content.count))
        try tree.add(.file(id), .init(mode: 0o644), named: "\(number)".utf8)
      }
    }
    _ = try writer.finish(tree)
    let map = try #require(BlockMap(FileBytes(writer.blockMap.encoded)))
    #expect(map == writer.blockMap)
    return Made(bytes: sink.bytes, map: map, given: given)
  }

  /// Layers of a parent, and a child's on top: some files of the parent hidden, some contents the same.
  private func stacks(_ random: inout SeededGenerator) -> (parent: Stack, child: Stack) {
    var contents: [[UInt8]] = [[]]
    func layer(_ random: inout SeededGenerator, count: Int) -> [Step] {
      (0..<count).map { _ in
        if random.once(in: 6), let old = contents.randomElement(using: &random) { return Step(content: old) }
        let size =
          random.once(in: 8)
          ? [1, 2, 3].map { $0 * DataBlock.size }.randomElement(using: &random) ?? 0
          : Int.random(in: 0...(random.once(in: 5) ? 400_000 : 20_000), using: &random)
        var content = random.once(in: 2) ? random.noise(size) : [UInt8](repeating: 7, count: size)
        if random.once(in: 6) { content = [UInt8](repeating: 0, count: size) }
        contents.append(content)
        return Step(content: content)
      }
    }
    let parent = (0..<Int.random(in: 1...3, using: &random)).map { _ in layer(&random, count: 25) }
    let upper = (0..<Int.random(in: 0...2, using: &random)).map { _ in layer(&random, count: 6) }
    let hidden = parent.map { layer in
      let isTouched = random.once(in: 2)
      var lower = layer.map { Step(content: $0.content, isHidden: isTouched && random.once(in: 8)) }
      // A hidden file that a hard link keeps comes at the end of its layer.
      if let kept = lower.filter(\.isHidden).randomElement(using: &random) { lower.append(Step(content: kept.content)) }
      return lower
    }
    return (parent, upper + hidden)
  }

  @Test func everyRouteGivesTheSameBytes() throws {
    var (given, all) = (0, 0)
    for seed in Soak.seeds(10) {
      var random = SeededGenerator(seed: seed)
      let (parent, child) = stacks(&random)
      let options = random.options()
      let first = try make(parent, options)
      let expected = try make(child, options)
      for earlier in [[], [first.earlier], [expected.earlier], [first.earlier, expected.earlier]] {
        for share in [1, 3] {
          let made = try make(child, options, reusing: earlier) { random.once(in: share) }
          #expect(made.bytes == expected.bytes, "seed \(seed), \(earlier.count) earlier images, share \(share)")
          #expect(made.map == expected.map, "seed \(seed)")
          if share == 1, earlier.count == 2 { #expect(made.given == 0, "seed \(seed)") }
          if share == 1, earlier.count == 1 {
            given += made.given
            all += expected.given
          }
        }
      }
      var other = options
      other.compression = options.compression == .gzip(level: 1) ? .gzip(level: 2) : .gzip(level: 1)
      let elsewhere = try make(child, other)
      #expect(try make(child, other, reusing: [first.earlier]) { true }.bytes == elsewhere.bytes, "seed \(seed)")
    }
    #expect(given < all / 3)
  }

  @Test func aDamagedImageIsNotTakenFrom() throws {
    for seed in Soak.seeds(8) {
      var random = SeededGenerator(seed: seed)
      let (parent, child) = stacks(&random)
      let options = random.options()
      let (first, expected) = (try make(parent, options), try make(child, options))
      var damaged = first
      let place = Int.random(in: 0..<damaged.bytes.count, using: &random)
      damaged.bytes[place] ^= 1
      if random.once(in: 3) { damaged.bytes.removeLast(damaged.bytes.count - place) }
      do {
        let made = try make(child, options, reusing: [damaged.earlier]) { true }
        #expect(made.bytes == expected.bytes, "seed \(seed)")
      } catch is EarlierImageFault {}
    }
  }

  /// Larger files are not held back for their digest: they come again as often, also when it is known.
  @Test func largeDuplicatesComeAsOften() throws {
    let content = [UInt8](repeating: 3, count: StoredContents.largestHeld + 5)
    let stack: Stack = [[Step(content: content), Step(content: content)], [Step(content: content)]]
    let options = SquashfsWriter.Options()
    let expected = try make(stack, options)
    #expect(try make(stack, options) { true }.bytes == expected.bytes)
    #expect(try make(stack, options, reusing: [expected.earlier]) { true }.bytes == expected.bytes)
  }

  @Test func aMapWhoseCompressionIsNoTextIsNone() throws {
    for byte: UInt8 in [0x20, 0xe8] {
      // No contents, no fragment blocks.
      let body = Array("coppice squashfs blocks 1 zstd".utf8) + [UInt8](repeating: byte, count: 80) + [0x0a, 0, 0]
      let map = BlockMap(FileBytes(body + Digest.sha256(body).bytes))
      #expect((map == nil) == (byte == 0xe8))
      if let map { #expect(BlockMap(FileBytes(map.encoded)) == map) }
    }
  }

  @Test func aDamagedMapIsNone() throws {
    var random = SeededGenerator(seed: 4)
    let map = try make(stacks(&random).parent, random.options()).map.encoded
    for _ in 0..<300 * Soak.factor {
      var bytes = map
      let place = Int.random(in: 0..<bytes.count, using: &random)
      if random.once(in: 2) {
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      } else {
        bytes.removeLast(bytes.count - place)
      }
      #expect(BlockMap(FileBytes(bytes)) == nil)
      // Sealed again, as nobody would: no crash, and what is read is what is written.
      let body = bytes.dropLast(32)
      let sealed = Array(body) + Digest.sha256(body).bytes
      if let read = BlockMap(FileBytes(sealed)) { #expect(BlockMap(FileBytes(read.encoded)) == read) }
    }
  }
}
