internal import HostSystem
internal import ImageModel

/// One thing that a guest is given.
struct PayloadEntry: Sendable {
  enum Kind: Sendable, Equatable {
    case file(size: Int)
    case directory
    case symbolicLink([UInt8])
    /// To another path of the archive, before this one.
    case hardLink([UInt8])
    case device(isBlock: Bool, major: Int, minor: Int)
    case fifo

    fileprivate var type: Character {
      switch self {
      case .file: "0"
      case .hardLink: "1"
      case .symbolicLink: "2"
      case .device(let isBlock, _, _): isBlock ? "4" : "3"
      case .directory: "5"
      case .fifo: "6"
      }
    }
  }

  /// Relative to the guest's root, without a slash before it.
  var path: [UInt8]
  var kind: Kind
  /// 0o7777
  var mode: Int
  var uid = 0
  var gid = 0
  /// Names that the guest looks up, which count before the numbers; empty for none.
  var owner = ""
  var group = ""
  /// Seconds since 1970.
  var modified = 0
  var attributes: [[UInt8]: [UInt8]] = [:]
}

/// Writes a tar archive for a guest to unpack: every kind of file, any name, extended attributes.
final class PayloadWriter {
  private static let block = 512
  private let file: any PendingFile
  private var left = 0
  private var padding = 0

  init(_ file: any PendingFile) { self.file = file }

  /// A file's content must follow, `size` bytes of it.
  func begin(_ entry: PayloadEntry) throws {
    try fill()
    var (size, link): (Int, [UInt8]) = (0, [])
    switch entry.kind {
    case .file(let bytes): size = bytes
    case .symbolicLink(let target), .hardLink(let target): link = target
    case .directory, .device, .fifo: break
    }
    let path = entry.kind == .directory ? entry.path + [UInt8(ascii: "/")] : entry.path
    var records: [UInt8] = []
    if path.count > 100 { records += Self.record("path", path) }
    if link.count > 100 { records += Self.record("linkpath", link) }
    if size >= 1 << 33 { records += Self.record("size", Array(String(size).utf8)) }
    if entry.uid >= 1 << 21 { records += Self.record("uid", Array(String(entry.uid).utf8)) }
    if entry.gid >= 1 << 21 { records += Self.record("gid", Array(String(entry.gid).utf8)) }
    for (name, value) in entry.attributes.sorted(by: { $0.key.precedes($1.key) }) {
      records += Self.record("SCHILY.xattr." + String(decoding: name, as: UTF8.self), value)
    }
    if !records.isEmpty {
      try file.write(Self.header(Array("./PaxHeaders/entry".utf8), "x", size: records.count, mode: 0o644))
      try file.write(records)
      try file.write([UInt8](repeating: 0, count: -records.count & 511))
    }
    try file.write(
      Self.header(path, entry.kind.type, size: size, mode: entry.mode, link: link, entry))
    (left, padding) = (size, -size & 511)
  }

  func content(_ piece: UnsafeRawBufferPointer) throws {
    guard piece.count <= left else { throw Failure("a file became longer while it was read", help: "run again") }
    try file.write(piece)
    left -= piece.count
  }

  func add(_ entry: PayloadEntry, _ content: [UInt8]) throws {
    try begin(entry)
    try content.withUnsafeBytes { try self.content($0) }
  }

  /// A file's content, as the port gives it.
  func append(_ reader: any ByteReader) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try reader.read(into: buffer)
      if count == 0 { return }
      try content(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// A file's content, which the kernel copies where it can.
  func append(_ range: Range<Int>, of source: any RandomAccessFile) throws {
    guard range.count == left else { throw Failure("a file changed while it was read", help: "run again") }
    try file.append(range, of: source)
    left = 0
  }

  func finish() throws {
    try fill()
    // The end of an archive, in whole records, as tar wants it.
    try file.write([UInt8](repeating: 0, count: 20 * Self.block))
  }

  private func fill() throws {
    guard left == 0 else { throw Failure("a file became shorter while it was read", help: "run again") }
    if padding > 0 { try file.write([UInt8](repeating: 0, count: padding)) }
    padding = 0
  }

  /// The length of a record counts its own digits.
  private static func record(_ name: String, _ value: [UInt8]) -> [UInt8] {
    let rest = Array(" \(name)=".utf8) + value + [UInt8(ascii: "\n")]
    var length = rest.count + 1
    while rest.count + String(length).utf8.count != length { length = rest.count + String(length).utf8.count }
    return Array(String(length).utf8) + rest
  }

  private static func header(
    _ path: [UInt8], _ type: Character, size: Int, mode: Int, link: [UInt8] = [], _ entry: PayloadEntry? = nil
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: block)
    func put(_ text: some Collection<UInt8>, at offset: Int, _ limit: Int) {
      bytes.replaceSubrange(offset..<offset + min(limit, text.count), with: text.prefix(limit))
    }
    func octal(_ value: Int, at offset: Int, _ digits: Int) {
      let text = String(value, radix: 8)
      put((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8, at: offset, digits)
    }
    put(path, at: 0, 100)
    octal(mode, at: 100, 7)
    octal(min(entry?.uid ?? 0, 1 << 21 - 1), at: 108, 7)
    octal(min(entry?.gid ?? 0, 1 << 21 - 1), at: 116, 7)
    // Larger sizes stand in a record before.
    octal(size < 1 << 33 ? size : 0, at: 124, 11)
    octal(max(0, min(entry?.modified ?? 0, 1 << 33 - 1)), at: 136, 11)
    put("        ".utf8, at: 148, 8)
    put(String(type).utf8, at: 156, 1)
    put(link, at: 157, 100)
    put("ustar\u{0}00".utf8, at: 257, 8)
    put((entry?.owner ?? "").utf8, at: 265, 31)
    put((entry?.group ?? "").utf8, at: 297, 31)
    if case .device(_, let major, let minor)? = entry?.kind {
      octal(major, at: 329, 7)
      octal(minor, at: 337, 7)
    }
    octal(bytes.reduce(0) { $0 + Int($1) }, at: 148, 6)
    bytes[154] = 0
    return bytes
  }
}
