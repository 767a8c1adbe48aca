internal import ImageModel

/// What a name of an ext file system leads to.
struct ExtInode: Sendable {
  enum Kind: UInt8, Sendable {
    case unknown = 0
    case fifo = 1
    case characterDevice = 2
    case directory = 4
    case blockDevice = 6
    case regular = 8
    case symbolicLink = 10
    case socket = 12
  }

  let number: Int
  let kind: Kind
  /// 0o7777
  let mode: Int
  let uid: Int
  let gid: Int
  let size: Int
  /// Where the list of its blocks begins, or a short link's target.
  let blocks: Bytes
  let hasExtents: Bool
  /// The bytes behind the fixed part, which hold extended attributes.
  let tail: ArraySlice<UInt8>
  /// Block with more attributes; 0 for none.
  let attributeBlock: Int

  private static let extents = 0x80000
  private static let unreadable = 0x800 | 0x1000_0000

  init(_ number: Int, _ bytes: Bytes) throws {
    self.number = number
    let type = try bytes.u16(0)
    kind = Kind(rawValue: UInt8(type >> 12)) ?? .unknown
    mode = type & 0o7777
    uid = try bytes.u16(2) | bytes.u16(120) << 16
    gid = try bytes.u16(24) | bytes.u16(122) << 16
    let high = kind == .regular || kind == .directory ? try bytes.u32(108) : 0
    guard high < 1 << 20 else { throw ExtFileSystem.fault("a file of it is too large") }
    size = try bytes.u32(4) | high << 32
    let flags = try bytes.u32(32)
    guard flags & Self.unreadable == 0 else {
      throw ExtFileSystem.fault("a file of it is encrypted, or lies within its inode")
    }
    hasExtents = flags & Self.extents != 0
    blocks = Bytes(Array(try bytes.slice(40, 60)))
    attributeBlock = try bytes.u32(104) | bytes.u16(118) << 32
    let extra = bytes.bytes.count > 130 ? try bytes.u16(128) : 0
    let start = 128 + extra
    let magic: [UInt8] = [0, 0, 2, 0xEA]
    // Without the magic number the rest is what happened to lie there.
    let isUsed = bytes.bytes.count >= start + 4 && Array(bytes.bytes[start..<start + 4]) == magic
    tail = isUsed ? bytes.bytes[start...] : []
  }
}
