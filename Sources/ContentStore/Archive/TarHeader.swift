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
  /// GNU's old sparse form: where the data lies; further blocks may follow.
  var sparse: SparseMap.Old?

  enum Fault: Error {
    case checksum
    case number(String)
  }

  /// - Precondition: `block` has 512 bytes.
  init(_ block: ArraySlice<UInt8>) throws(Fault) {
    // A closure of the standard library cannot throw our type.
    let result = block.withUnsafeBytes { bytes in Result { () throws(Fault) in try TarHeader(reading: bytes) } }
    self = try result.get()
  }

  private init(reading block: UnsafeRawBufferPointer) throws(Fault) {
    guard Self.hasValidChecksum(block) else { throw .checksum }
    path = Self.text(block, 0, 100)
    mode = try Self.number(block, 100, 8, "mode") & 0o7777
    uid = try Self.number(block, 108, 8, "uid")
    gid = try Self.number(block, 116, 8, "gid")
    size = try Self.number(block, 124, 12, "size")
    modified = try Self.number(block, 136, 12, "time", allowingNegative: true)
    type = block[156]
    link = Self.text(block, 157, 100)
    guard UnsafeRawBufferPointer(rebasing: block[257..<262]).elementsEqual("ustar".utf8) else { return }
    if type == UInt8(ascii: "3") || type == UInt8(ascii: "4") {
      deviceMajor = try Self.number(block, 329, 8, "device")
      deviceMinor = try Self.number(block, 337, 8, "device")
    }
    // GNU writes `ustar  ` and keeps other things where ustar has the first part of long names.
    if block[262] == 0 {
      let prefix = Self.text(block, 345, 155)
      if !prefix.isEmpty { path = prefix + [UInt8(ascii: "/")] + path }
    } else if type == UInt8(ascii: "S") {
      sparse = try SparseMap.Old(header: block)
    }
  }

  /// Whether these 512 bytes can begin an entry.
  static func hasValidChecksum(_ block: ArraySlice<UInt8>) -> Bool { block.withUnsafeBytes { hasValidChecksum($0) } }

  /// The sum of all bytes, the sum's own field taken as spaces.
  private static func hasValidChecksum(_ block: UnsafeRawBufferPointer) -> Bool {
    guard block.count == size, let stated = try? number(block, 148, 8, "checksum") else { return false }
    var (sum, highBytes) = (8 * 0x20, 0)
    for index in 0..<size {
      sum += Int(block[index])
      highBytes += Int(block[index] >> 7)
    }
    for index in 148..<156 {
      sum -= Int(block[index])
      highBytes -= Int(block[index] >> 7)
    }
    // Some old writers added signed characters.
    return stated == sum || stated == sum - 256 * highBytes
  }

  private static func text(_ block: UnsafeRawBufferPointer, _ offset: Int, _ count: Int) -> [UInt8] {
    var length = 0
    while length < count, block[offset + length] != 0 { length += 1 }
    return [UInt8](UnsafeRawBufferPointer(rebasing: block[offset..<offset + length]))
  }

  /// Octal digits, or base-256 when the first bit is set.
  static func number(
    _ block: UnsafeRawBufferPointer, _ offset: Int, _ count: Int, _ name: String, allowingNegative: Bool = false
  ) throws(Fault) -> Int {
    if block[offset] & 0x80 != 0 {
      let isNegative = block[offset] & 0x40 != 0
      var value = isNegative ? -1 : 0
      for index in 0..<count {
        let byte = block[offset + index]
        let (product, overflow) = value.multipliedReportingOverflow(by: 256)
        if overflow { throw .number(name) }
        value = product | Int(index > 0 ? byte : isNegative ? byte | 0x80 : byte & 0x7f)
      }
      if value < 0 && !allowingNegative { throw .number(name) }
      return value
    }
    var (value, index) = (0, offset)
    while index < offset + count, block[index] == UInt8(ascii: " ") { index += 1 }
    while index < offset + count, block[index] != 0, block[index] != UInt8(ascii: " ") {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(block[index]) else { throw .number(name) }
      value = value << 3 | Int(block[index] - UInt8(ascii: "0"))
      index += 1
    }
    return value
  }
}
