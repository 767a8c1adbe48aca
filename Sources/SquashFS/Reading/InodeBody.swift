internal import ImageModel

/// What follows the part that all inodes share.
struct InodeBody {
  private var cursor: MetadataCursor
  private let isExtended: Bool
  private let blockSize: Int
  private let source: CheckedSource
  private(set) var linkCount: UInt32 = 1
  private(set) var attributeSet: UInt32?

  init(_ cursor: MetadataCursor, isExtended: Bool, blockSize: Int, source: CheckedSource) {
    self.cursor = cursor
    self.isExtended = isExtended
    self.blockSize = blockSize
    self.source = source
  }

  mutating func kind(_ type: SquashfsFormat.InodeType) throws -> SquashfsInode.Kind {
    switch type {
    case .directory: return .directory(try listing())
    case .file: return .file(try file())
    case .symbolicLink:
      linkCount = try cursor.next()
      let count: UInt32 = try cursor.next()
      guard 1...65535 ~= count else { throw source.damaged("a link has a target of \(count) bytes") }
      let target = try cursor.bytes(Int(count))
      try readAttributeSet()
      return .symbolicLink(target)
    case .blockDevice, .characterDevice:
      linkCount = try cursor.next()
      let device: UInt32 = try cursor.next()
      try readAttributeSet()
      let (major, minor) = ((device & 0xfff00) >> 8, device & 0xff | (device >> 12) & 0xfff00)
      return type == .blockDevice
        ? .blockDevice(major: major, minor: minor) : .characterDevice(major: major, minor: minor)
    case .fifo, .socket:
      linkCount = try cursor.next()
      try readAttributeSet()
      return type == .fifo ? .fifo : .socket
    }
  }

  private mutating func listing() throws -> SquashfsInode.Listing {
    let (block, size, offset): (UInt32, UInt32, UInt16)
    if isExtended {
      linkCount = try cursor.next()
      size = try cursor.next()
      block = try cursor.next()
      _ = try cursor.next(UInt32.self)
      _ = try cursor.next(UInt16.self)
      offset = try cursor.next()
      try readAttributeSet()
    } else {
      block = try cursor.next()
      linkCount = try cursor.next()
      size = UInt32(try cursor.next(UInt16.self))
      offset = try cursor.next()
    }
    return SquashfsInode.Listing(size: max(0, Int(size) - 3), reference: UInt64(block) << 16 | UInt64(offset))
  }

  private mutating func file() throws -> SquashfsInode.File {
    let (start, size, fragment, offset): (UInt64, UInt64, UInt32, UInt32)
    if isExtended {
      start = try cursor.next()
      size = try cursor.next()
      _ = try cursor.next(UInt64.self)
      linkCount = try cursor.next()
      fragment = try cursor.next()
      offset = try cursor.next()
      try readAttributeSet()
    } else {
      start = UInt64(try cursor.next(UInt32.self))
      fragment = try cursor.next()
      offset = try cursor.next()
      size = UInt64(try cursor.next(UInt32.self))
    }
    guard let start = Int(exactly: start), start <= source.limit, size <= UInt64(Int.max - blockSize) else {
      throw source.damaged("something is said to lie behind its end")
    }
    let hasFragment = fragment != SquashfsFormat.none32
    let blocks = (Int(size) + (hasFragment ? 0 : blockSize - 1)) / blockSize
    return SquashfsInode.File(
      size: Int(size), start: start, blockCount: blocks, list: cursor.place,
      fragment: hasFragment ? SquashfsInode.File.End(number: Int(fragment), offset: Int(offset)) : nil)
  }

  private mutating func readAttributeSet() throws {
    guard isExtended else { return }
    let number: UInt32 = try cursor.next()
    attributeSet = number == SquashfsFormat.none32 ? nil : number
  }
}
