internal import ImageModel

/// The fields of one 512-byte block that begins a tar entry: v7, ustar or GNU.
struct TarHeader {
  static let size = 512

  var path: [UInt8]
  var type: UInt8
  var mode: Int
  var uid: Int
  var gid: Int
  var size: Int
  var modified: Int
  var link: [UInt8]
  var deviceMajor = 0
  var deviceMinor = 0
  /// GNU's old sparse form: further blocks with the map follow.
  var hasSparseExtension = false

  enum Fault: Error {
    case checksum
    case number(String)
  }

  /// - Precondition: `block` has 512 bytes.
  init(_ block: ArraySlice<UInt8>) throws(Fault) {
    guard Self.hasValidChecksum(block) else { throw .checksum }
    path = Self.text(block, 0, 100)
    mode = try Self.number(block, 100, 8, "mode") & 0o7777
    uid = try Self.number(block, 108, 8, "uid")
    gid = try Self.number(block, 116, 8, "gid")
    size = try Self.number(block, 124, 12, "size")
    modified = try Self.number(block, 136, 12, "time", allowingNegative: true)
    type = block[block.startIndex + 156]
    link = Self.text(block, 157, 100)
    let magic = Array(Self.field(block, 257, 8))
    guard magic.starts(with: Array("ustar".utf8)) else { return }
    if type == UInt8(ascii: "3") || type == UInt8(ascii: "4") {
      deviceMajor = try Self.number(block, 329, 8, "device")
      deviceMinor = try Self.number(block, 337, 8, "device")
    }
    // GNU writes `ustar  ` and keeps other things where ustar has the first part of long names.
    if magic[5] == 0 {
      let prefix = Self.text(block, 345, 155)
      if !prefix.isEmpty { path = prefix + [UInt8(ascii: "/")] + path }
    } else if type == UInt8(ascii: "S") {
      hasSparseExtension = block[block.startIndex + 482] != 0
    }
  }

  /// Whether these 512 bytes can begin an entry: the sum of their bytes, the sum's own field taken as spaces.
  static func hasValidChecksum(_ block: ArraySlice<UInt8>) -> Bool {
    guard block.count == size, let stated = try? number(block, 148, 8, "checksum") else { return false }
    var (unsigned, signed) = (0, 0)
    for (offset, byte) in block.enumerated() {
      let value = (148..<156).contains(offset) ? UInt8(ascii: " ") : byte
      unsigned += Int(value)
      // Some old writers added signed characters.
      signed += Int(Int8(bitPattern: value))
    }
    return stated == unsigned || stated == signed
  }

  private static func field(_ block: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> ArraySlice<UInt8> {
    block[block.startIndex + offset..<block.startIndex + offset + count]
  }

  private static func text(_ block: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> [UInt8] {
    Array(field(block, offset, count).prefix { $0 != 0 })
  }

  /// Octal digits, or base-256 when the first bit is set.
  private static func number(
    _ block: ArraySlice<UInt8>, _ offset: Int, _ count: Int, _ name: String, allowingNegative: Bool = false
  ) throws(Fault) -> Int {
    let bytes = field(block, offset, count)
    guard let first = bytes.first else { return 0 }
    if first & 0x80 != 0 {
      let isNegative = first & 0x40 != 0
      var value = isNegative ? -1 : 0
      for (index, byte) in bytes.enumerated() {
        let byte = index == 0 ? (isNegative ? byte | 0x80 : byte & 0x7f) : byte
        let (product, overflow) = value.multipliedReportingOverflow(by: 256)
        if overflow { throw .number(name) }
        value = product | Int(byte)
      }
      if value < 0 && !allowingNegative { throw .number(name) }
      return value
    }
    var value = 0
    for byte in bytes.drop(while: { $0 == UInt8(ascii: " ") }).prefix(while: { $0 != 0 && $0 != UInt8(ascii: " ") }) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else { throw .number(name) }
      value = value << 3 | Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
}
