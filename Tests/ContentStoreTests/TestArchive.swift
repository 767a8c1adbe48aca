import TestSupport

/// One entry of an archive that a test writes.
struct TestEntry {
  var path: String
  var type: Character = "0"
  var content: [UInt8] = []
  var mode = 0o644
  var uid = 0
  var gid = 0
  var modified = 1_600_000_000
  var link = ""
  var records: [(key: String, value: [UInt8])] = []

  init(_ path: String, _ content: String = "") {
    self.path = path
    self.content = Array(content.utf8)
  }

  init(_ path: String, bytes: [UInt8]) {
    self.path = path
    content = bytes
  }

  static func directory(_ path: String) -> TestEntry {
    var entry = TestEntry(path)
    (entry.type, entry.mode) = ("5", 0o755)
    return entry
  }

  static func symbolicLink(_ path: String, to target: String) -> TestEntry {
    var entry = TestEntry(path)
    (entry.type, entry.mode, entry.link) = ("2", 0o777, target)
    return entry
  }

  static func hardLink(_ path: String, to target: String) -> TestEntry {
    var entry = TestEntry(path)
    (entry.type, entry.link) = ("1", target)
    return entry
  }

  /// Header and content as blocks; what ustar cannot hold goes into PAX records.
  var bytes: [UInt8] {
    var records = records
    if path.utf8.count > 100 { records.append(("path", Array(path.utf8))) }
    if link.utf8.count > 100 { records.append(("linkpath", Array(link.utf8))) }
    if uid >= 1 << 21 { records.append(("uid", Array(String(uid).utf8))) }
    var bytes: [UInt8] = []
    if !records.isEmpty {
      let body = records.flatMap(Self.record)
      bytes += header(name: "PaxHeaders/0", type: "x", size: body.count) + Self.padded(body)
    }
    return bytes + header(name: path, type: type, size: content.count) + Self.padded(content)
  }

  static func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: -bytes.count & 511) }

  static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = " \(key)=".utf8.count + value.count + 1
    var length = rest + 1
    while String(length).utf8.count + rest != length { length += 1 }
    return Array("\(length) \(key)=".utf8) + value + [10]
  }

  func header(name: String, type: Character, size: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: some Collection<UInt8>, _ offset: Int) {
      block.replaceSubrange(offset..<offset + text.count, with: text)
    }
    func octal(_ value: Int, _ digits: Int) -> [UInt8] {
      let text = String(value, radix: 8)
      return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).suffix(digits).utf8)
    }
    put(name.utf8.prefix(100), 0)
    put(octal(mode, 7), 100)
    put(octal(uid & (1 << 21 - 1), 7), 108)
    put(octal(gid, 7), 116)
    put(octal(size, 11), 124)
    put(octal(modified, 11), 136)
    put(String(type).utf8, 156)
    put(link.utf8.prefix(100), 157)
    put("ustar\u{0}00".utf8, 257)
    return Self.withChecksum(block)
  }

  static func withChecksum(_ block: [UInt8]) -> [UInt8] {
    var block = block
    block.replaceSubrange(148..<156, with: "        ".utf8)
    let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    let text = String(repeating: "0", count: 6 - sum.count) + sum + "\u{0}"
    block.replaceSubrange(148..<155, with: text.utf8)
    return block
  }
}

func tar(_ entries: [TestEntry]) -> [UInt8] { entries.flatMap(\.bytes) + [UInt8](repeating: 0, count: 1024) }

extension SeededGenerator {
  /// A tree of files, directories and links with some of everything that layers hold.
  mutating func entries() -> [TestEntry] {
    var entries = [TestEntry.directory("d/")]
    for index in 0..<Int.random(in: 0..<12, using: &self) {
      let long = once(in: 5) ? String(repeating: "long-name-", count: 14) : ""
      var entry = TestEntry("d/\(index)\(long)", bytes: bytes(Int.random(in: 0..<3000, using: &self)))
      if once(in: 6) { entry = .symbolicLink("d/\(index)", to: "../\(long)target") }
      if once(in: 6) { entry = .directory("d/\(index)/") }
      if index > 0, once(in: 8) { entry = .hardLink("d/hard\(index)", to: "d/0") }
      if once(in: 8) { entry = TestEntry("d/.wh.gone\(index)") }
      entry.mode = Int.random(in: 0..<0o7777, using: &self)
      entry.uid = once(in: 4) ? 3_000_000 : Int.random(in: 0..<70_000, using: &self)
      entry.modified = Int.random(in: 0..<2_000_000_000, using: &self)
      if once(in: 5), entry.type == "0" { entry.records = [("SCHILY.xattr.user.x", bytes(5))] }
      entries.append(entry)
    }
    return entries
  }
}
