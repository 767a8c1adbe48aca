import SquashFS
import TestSupport

extension SeededGenerator {
  /// A tree of all kinds of files, with contents around the edges of blocks.
  mutating func tree(entries count: Int, isExtractable: Bool = false) -> ModelTree {
    var tree = ModelTree(attributes(of: .directory))
    var (directories, files) = ([0], [Int]())
    var used: [Int: Set<[UInt8]>] = [:]
    for _ in 0..<count {
      let parent = directories[Int.random(in: 0..<directories.count, using: &self)]
      let name = self.name()
      guard used[parent, default: []].insert(name).inserted else { continue }
      if once(in: 8), let file = files.randomElement(using: &self) {
        tree.link(name, to: file, in: parent)
        continue
      }
      let kind = self.kind(of: tree, files)
      let node = tree.add(name, kind, attributes(of: kind), in: parent)
      if kind == .directory { directories.append(node) } else { files.append(node) }
    }
    return tree
  }

  mutating func options() -> SquashfsWriter.Options {
    var options = SquashfsWriter.Options()
    // Higher levels are slow, and read in the same way.
    let level = Int.random(in: 1...4, using: &self)
    options.compression = once(in: 2) ? .gzip(level: level) : .zstd(level: level)
    options.threads = Int.random(in: 1...4, using: &self)
    options.time = UInt32.random(in: 0...UInt32.max, using: &self)
    return options
  }

  mutating func content() -> [UInt8] {
    let block = 128 << 10
    let size =
      switch Int.random(in: 0..<20, using: &self) {
      case 0: 0
      case 1: block + Int.random(in: -1...1, using: &self)
      case 2: 2 * block + Int.random(in: -1...1, using: &self)
      case 3: Int.random(in: 0...5, using: &self) * block + Int.random(in: 0..<block, using: &self)
      default: Int.random(in: 1...3000, using: &self)
      }
    let piece = bytes(Int.random(in: 1...64, using: &self))
    var content: [UInt8] = []
    content.reserveCapacity(size + block)
    // Text that compresses, noise that does not, and zeros.
    while content.count < size {
      let zeros = once(in: 3) && size > block ? block : 0
      if zeros > 0 {
        content += [UInt8](repeating: 0, count: zeros)
      } else if once(in: 5) {
        content.append(contentsOf: noise(400))
      } else {
        for _ in 0..<max(1, 4000 / piece.count) { content.append(contentsOf: piece) }
      }
    }
    content.removeLast(content.count - size)
    return content
  }

  /// As `bytes`, faster.
  mutating func noise(_ count: Int) -> [UInt8] {
    let words = (0..<(count + 7) / 8).map { _ in next() }
    return words.withUnsafeBytes { Array($0.prefix(count)) }
  }

  mutating func attributes(of kind: ModelTree.Kind) -> SquashfsTree.Attributes {
    let ids: [UInt32] = [0, 0, 0, 1000, 65534, 70_000, UInt32.max - 1, UInt32.random(in: 0...5000, using: &self)]
    return SquashfsTree.Attributes(
      mode: UInt16.random(in: 0...0o7777, using: &self), uid: ids[Int.random(in: 0..<8, using: &self)],
      gid: ids[Int.random(in: 0..<8, using: &self)],
      modified: Int(UInt32.random(in: 0...UInt32.max, using: &self)), extended: extended(of: kind))
  }

  private mutating func name() -> [UInt8] {
    let size =
      once(in: 20) ? 255 : once(in: 3) ? Int.random(in: 1...40, using: &self) : Int.random(in: 1...3, using: &self)
    // Every byte but those that no name has; often few of them, so that names share beginnings.
    let few = once(in: 2)
    var name = bytes(size).map { few ? UInt8(ascii: "a") + $0 % 3 : $0 == 0 || $0 == UInt8(ascii: "/") ? 0xff : $0 }
    if name == [46] || name == [46, 46] { name = [45] }
    return name
  }

  private mutating func kind(of tree: ModelTree, _ files: [Int]) -> ModelTree.Kind {
    switch Int.random(in: 0..<20, using: &self) {
    case 0..<5: return .directory
    case 5..<7: return .link(bytes(once(in: 10) ? 4000 : Int.random(in: 1...100, using: &self)).map { $0 | 1 })
    case 7: return .block(UInt32.random(in: 0..<4096, using: &self), UInt32.random(in: 0..<1 << 20, using: &self))
    case 8: return .character(UInt32.random(in: 0..<256, using: &self), UInt32.random(in: 0..<256, using: &self))
    case 9: return .fifo
    case 10: return .socket
    case 11...13:
      // The same content in another file.
      if let twin = files.randomElement(using: &self), case .file = tree.nodes[twin].kind {
        return tree.nodes[twin].kind
      }
      return .file(content())
    default: return .file(content())
    }
  }

  private mutating func extended(of kind: ModelTree.Kind) -> [ExtendedAttribute] {
    guard once(in: 4) else { return [] }
    var attributes: [ExtendedAttribute] = []
    func add(_ name: String, _ value: [UInt8]) {
      attributes.append(ExtendedAttribute(name: Array(name.utf8), value: value))
    }
    let values = [bytes(5), Array("a value that many share".utf8), [], bytes(Int.random(in: 0...300, using: &self))]
    for number in 0..<Int.random(in: 0...3, using: &self) {
      add("trusted.\(number)", values[Int.random(in: 0..<4, using: &self)])
    }
    // Systems refuse these names elsewhere.
    switch kind {
    case .file:
      add("user.of.file", values[Int.random(in: 0..<4, using: &self)])
      // What cap_net_raw=ep is stored as.
      if once(in: 2) { add("security.capability", [1, 0, 0, 2, 0, 0x20] + [UInt8](repeating: 0, count: 14)) }
    case .directory: add("user.of.directory", values[Int.random(in: 0..<4, using: &self)])
    default: break
    }
    return attributes
  }
}
