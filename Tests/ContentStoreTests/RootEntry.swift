import HostSystem
import ImageModel
import TestSupport

@testable import ContentStore

/// An entry of a layer with names as bytes, and how it is written.
struct RootEntry {
  var path: [UInt8]
  var type: Character
  var content: [UInt8] = []
  var mode = 0o644
  var uid = 0
  var gid = 0
  var modified = 1_600_000_000
  var link: [UInt8] = []
  var device = [0, 0]
  var attributes: [[UInt8]: [UInt8]] = [:]

  init(_ path: String, _ type: Character = "0", _ content: String = "", link: String = "") {
    (self.path, self.type, self.content, self.link) = (Array(path.utf8), type, Array(content.utf8), Array(link.utf8))
  }

  /// Everything that is not plain ASCII goes into PAX records.
  var bytes: [UInt8] {
    var entry = TestEntry(String(decoding: path, as: UTF8.self), bytes: content)
    (entry.type, entry.mode, entry.gid) = (type, mode, gid & (1 << 21 - 1))
    (entry.uid, entry.link) = (uid, String(decoding: link, as: UTF8.self))
    entry.modified = max(0, min(modified, 1 << 33 - 1))
    if entry.modified != modified { entry.records.append(("mtime", Array(String(modified).utf8))) }
    if entry.gid != gid { entry.records.append(("gid", Array(String(gid).utf8))) }
    if path.count > 100 || !path.allSatisfy({ $0 < 128 }) {
      entry.path = "long"
      entry.records.append(("path", path))
    }
    if !link.allSatisfy({ $0 < 128 }) {
      entry.link = "long"
      entry.records.append(("linkpath", link))
    }
    for (name, value) in attributes {
      entry.records.append((String(decoding: Array("SCHILY.xattr.".utf8) + name, as: UTF8.self), value))
    }
    var bytes = entry.bytes
    if type == "3" || type == "4" {
      let start = bytes.count - 512
      for (offset, number) in zip([329, 337], device) {
        let text = String(number, radix: 8)
        let digits = Array((String(repeating: "0", count: 7 - text.count) + text).utf8)
        bytes.replaceSubrange(start + offset..<start + offset + 7, with: digits)
      }
      bytes.replaceSubrange(start..., with: TestEntry.withChecksum(Array(bytes[start...])))
    }
    return bytes
  }

  static func tar(_ entries: [RootEntry]) -> [UInt8] { entries.flatMap(\.bytes) + [UInt8](repeating: 0, count: 1024) }
}

/// Keeps what it is told.
final class RecordingSink: RootSink {
  enum Event: Equatable {
    case layer
    case file(size: Int)
    case skip(size: Int)
  }

  private(set) var events: [Event] = []
  private(set) var contents: [[UInt8]] = []
  /// What the digests of an index stand for.
  var known: [Digest: [UInt8]] = [:]
  /// How many contents came as bytes.
  private(set) var given = 0
  private var expected = 0
  private var announced: Digest?

  func layerBegins() { events.append(.layer) }

  func beginFile(size: Int, digest: Digest?) {
    announced = digest
    given += 1
    events.append(.file(size: size))
    contents.append([])
    expected = size
  }

  func content(_ piece: UnsafeRawBufferPointer) {
    precondition(!piece.isEmpty)
    contents[contents.count - 1].append(contentsOf: piece)
  }

  func endFile() -> ContentID {
    precondition(contents.last?.count == expected)
    precondition(announced == nil || announced == Digest.sha256(contents.last ?? []))
    return ContentID(contents.count - 1)
  }

  func skipFile(size: Int) { events.append(.skip(size: size)) }

  func knows(_ content: Digest, size: Int) -> Bool { known[content] != nil }

  func file(_ content: Digest, size: Int) -> ContentID? {
    guard let bytes = known[content] else { return nil }
    events.append(.file(size: size))
    contents.append(bytes)
    return ContentID(contents.count - 1)
  }
}

extension RootTree {
  /// In the words of `ReferenceRoot.lines`.
  func lines(_ contents: [[UInt8]]) -> [String] {
    var paths: [Int: [[[UInt8]]]] = [0: [[]]]
    var all: [(path: [[UInt8]], inode: Int)] = [([], 0)]
    for entry in entries {
      // A directory has one path, and comes first.
      let path = (paths[entry.parent]?.first ?? [Array("no parent".utf8)]) + [entry.name]
      paths[entry.inode, default: []].append(path)
      all.append((path, entry.inode))
    }
    return all.map { path, number in
      let inode = inodes[number]
      var (kind, device, content) = ("", [0, 0], [UInt8]())
      switch inode.kind {
      case .file(let id, let size):
        (kind, content) = ("0", contents.indices.contains(id.number) ? contents[id.number] : Array("nothing".utf8))
        precondition(size == content.count)
      case .directory: kind = "5"
      case .symbolicLink(let target): (kind, content) = ("2", target)
      case .characterDevice(let major, let minor): (kind, device) = ("3", [major, minor])
      case .blockDevice(let major, let minor): (kind, device) = ("4", [major, minor])
      case .fifo: kind = "6"
      }
      return line(
        path: text(path), kind: kind, "\(device)", inode.mode, inode.uid, inode.gid, inode.modified,
        inode.attributes, content, links: (paths[number] ?? []).map(text))
    }.sorted()
  }
}

/// - Parameter tars: the base first.
func sources(_ tars: [[UInt8]]) -> [LayerSource] {
  tars.enumerated().reversed().map { index, tar in
    LayerSource(name: "layer \(index + 1)", blob: .sha256(tar), diffID: .sha256(tar)) {
      BytesReader(tar, pieceSize: 700)
    }
  }
}

/// - Parameter layers: the base first.
func merged(_ layers: [[RootEntry]]) throws -> (tree: RootTree, sink: RecordingSink) {
  let sink = RecordingSink()
  let tree = try MergedRoot(layers: sources(layers.map(RootEntry.tar))).read(into: sink)
  return (tree, sink)
}

extension SeededGenerator {
  /// Layers in which everything happens to the same few names.
  mutating func rootLayers() -> [[RootEntry]] {
    var files: [[UInt8]] = []
    return (0..<Int.random(in: 1...5, using: &self)).map { _ in
      (0..<Int.random(in: 0...14, using: &self)).map { _ in rootEntry(&files) }
    }
  }

  private mutating func rootPath() -> [UInt8] {
    let names: [[UInt8]] = [[0x61], [0x62], [0x63], [0xff, 0xfe]]
    let count = once(in: 4) ? 3 : Int.random(in: 1...2, using: &self)
    let path = Array((0..<count).map { _ in names.randomElement(using: &self) ?? [] }.joined(separator: [0x2f]))
    return once(in: 40) ? Array(".wh..wh.plnk/".utf8) + path : path
  }

  /// - Parameter files: where there were some, which links like to lead to.
  private mutating func rootEntry(_ files: inout [[UInt8]]) -> RootEntry {
    var entry = RootEntry("")
    entry.path = rootPath()
    (entry.mode, entry.uid, entry.gid) = (
      Int.random(in: 0...0o7777, using: &self), Int.random(in: 0...70_000, using: &self),
      once(in: 9) ? 4_000_000_000 : 7
    )
    entry.modified =
      once(in: 9) ? -Int.random(in: 1...1 << 40, using: &self) : Int.random(in: 0...1 << 34, using: &self)
    if once(in: 5) { entry.attributes = [Array("user.x".utf8): bytes(3)] }
    switch Int.random(in: 0..<20, using: &self) {
    case 0..<6:
      files.append(entry.path)
      entry.content = bytes(Int.random(in: 0...1500, using: &self))
    case 6..<9:
      entry.type = "5"
      if once(in: 10) { entry.path = [] }
      if once(in: 2) { entry.path += Array("/".utf8) }
    case 9..<13:
      (entry.type, entry.link) = ("1", once(in: 5) ? rootPath() : files.randomElement(using: &self) ?? entry.path)
    case 13: (entry.type, entry.link) = ("2", rootPath())
    case 14: (entry.type, entry.device) = (once(in: 2) ? "3" : "4", [1, Int.random(in: 0..<1 << 20, using: &self)])
    case 15: entry.type = "6"
    case 16..<19:
      var path = entry.path.split(separator: UInt8(ascii: "/")).map(Array.init)
      path.append(Array(".wh.".utf8) + (path.popLast() ?? []))
      entry.path = Array(path.joined(separator: Array("/".utf8)))
    default: entry.path = (once(in: 8) ? [] : entry.path + Array("/".utf8)) + Array(".wh..wh..opq".utf8)
    }
    if entry.type != "1" && entry.type != "2" { entry.link = [] }
    if entry.type != "0" || entry.path.starts(with: ".wh..wh..opq".utf8) { entry.content = [] }
    let prefix = ["", "", "./", "/", "//./"].randomElement(using: &self) ?? ""
    entry.path = Array(prefix.utf8) + entry.path
    if entry.type == "1" { entry.link = Array(prefix.utf8) + entry.link }
    if entry.path.isEmpty { entry.path = Array("./".utf8) }
    return entry
  }
}
