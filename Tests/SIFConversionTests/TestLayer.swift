import HostSystem
import ImageModel
import TestSupport

@testable import ContentStore

/// A layer that a test makes, and how often its bytes were asked for.
final class TestLayer: Sendable {
  struct Entry {
    var path: String
    var type: Character = "0"
    var content: [UInt8] = []
    var link = ""
  }

  let tar: [UInt8]
  let index: LayerIndex
  private let opened = Locked(0)

  init(_ entries: [Entry]) throws {
    let tar = entries.flatMap(Self.bytes) + [UInt8](repeating: 0, count: 1024)
    var index = LayerIndex()
    _ = try LayerListing(ofTar: MemoryReader(tar), name: "layer", limit: 1 << 22) { index.append($0, content: $1) }
    (self.tar, self.index) = (tar, index)
  }

  var timesOpened: Int { opened.withLock { $0 } }

  func source(isIndexed: Bool) -> LayerSource {
    LayerSource(name: "layer", blob: .sha256(tar), diffID: .sha256(tar), index: { isIndexed ? self.index : nil }) {
      self.opened.withLock { $0 += 1 }
      return MemoryReader(self.tar)
    }
  }

  private static func bytes(_ entry: Entry) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
      block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      String((String(repeating: "0", count: digits) + String(value, radix: 8)).suffix(digits))
    }
    put(entry.path, 0)
    for (place, value) in [(100, 0o755), (108, 0), (116, 0)] { put(octal(value, 7), place) }
    put(octal(entry.content.count, 11), 124)
    put(octal(1_600_000_000, 11), 136)
    put("        " + String(entry.type) + entry.link, 148)
    put("ustar\u{0}00", 257)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", 148)
    return block + entry.content + [UInt8](repeating: 0, count: -entry.content.count & 511)
  }
}

/// A stack of layers that grows: upper ones hide, replace, remove, repeat and link to what lower ones have.
struct LayerStack {
  /// The base first.
  private(set) var layers: [TestLayer] = []
  private var live: Set<String> = []
  private var contents: [[UInt8]] = [[]]

  mutating func grow(_ count: Int, _ random: inout SeededGenerator) throws {
    for _ in 0..<count {
      var entries: [TestLayer.Entry] = []
      for _ in 0..<Int.random(in: 1...12, using: &random) { entries.append(entry(&random)) }
      layers.append(try TestLayer(entries))
    }
  }

  func sources(isIndexed: Bool) -> [LayerSource] { layers.reversed().map { $0.source(isIndexed: isIndexed) } }
  var timesOpened: Int { layers.reduce(0) { $0 + $1.timesOpened } }

  private mutating func entry(_ random: inout SeededGenerator) -> TestLayer.Entry {
    let directory = ["", "d/", "e/"].randomElement(using: &random) ?? ""
    let path = directory + "f\(Int.random(in: 0..<12, using: &random))"
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      guard let gone = live.sorted().randomElement(using: &random) else { break }
      live.remove(gone)
      let parts = gone.split(separator: "/")
      return TestLayer.Entry(path: (parts.dropLast() + [".wh." + parts[parts.count - 1]]).joined(separator: "/"))
    case 1 where !directory.isEmpty && random.once(in: 2):
      live = live.filter { !$0.hasPrefix(directory) }
      return TestLayer.Entry(path: directory + ".wh..wh..opq")
    case 2, 3:
      guard let target = live.sorted().randomElement(using: &random), target != path else { break }
      live.insert(path)
      return TestLayer.Entry(path: path, type: "1", link: target)
    default: break
    }
    live.insert(path)
    return TestLayer.Entry(path: path, content: content(&random))
  }

  private mutating func content(_ random: inout SeededGenerator) -> [UInt8] {
    if random.once(in: 4), let old = contents.randomElement(using: &random) { return old }
    let size = Int.random(in: 0...(random.once(in: 4) ? 300_000 : 3000), using: &random)
    var content = [UInt8](repeating: UInt8.random(in: 0...3, using: &random), count: size)
    for _ in 0..<size / 50 { content[Int.random(in: 0..<size, using: &random)] = 9 }
    // A program, for one processor or another.
    if random.once(in: 5), size > 20 {
      let machine: UInt8 = random.once(in: 2) ? 62 : 183
      content.replaceSubrange(
        ..<20, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1] + [UInt8](repeating: 0, count: 12) + [machine, 0])
    }
    contents.append(content)
    return content
  }
}
