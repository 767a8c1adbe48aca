/// The first 96 bytes of an image.
struct Superblock: Equatable {
  var inodeCount: UInt32 = 0
  /// Seconds since 1970.
  var time: UInt32 = 0
  var blockSize: UInt32 = 0
  var fragmentCount: UInt32 = 0
  /// The number of the compressor.
  var compressor: UInt16 = 0
  var flags: UInt16 = 0
  var idCount: UInt16 = 0
  /// Block and offset in the inode table.
  var root: UInt64 = 0
  /// Without the padding behind it.
  var bytesUsed: UInt64 = 0
  var idTable: UInt64 = 0
  var attributeTable = SquashfsFormat.none64
  var inodeTable: UInt64 = 0
  var directoryTable: UInt64 = 0
  var fragmentTable = SquashfsFormat.none64
  var exportTable = SquashfsFormat.none64

  static let magic = Array("hsqs".utf8)

  var bytes: [UInt8] {
    var bytes = Self.magic
    for number in [inodeCount, time, blockSize, fragmentCount] { bytes.append(little: number) }
    let log = UInt16(blockSize.trailingZeroBitCount)
    for number in [compressor, log, flags, idCount, 4, 0] { bytes.append(little: number) }
    for number in [
      root, bytesUsed, idTable, attributeTable, inodeTable, directoryTable, fragmentTable, exportTable,
    ] { bytes.append(little: number) }
    return bytes
  }

  init() {}

  /// Nil when these are not the first bytes of an image of this version.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= SquashfsFormat.superblockSize, bytes.starts(with: Self.magic) else { return nil }
    var fields = LittleEndianBytes(bytes[4...])
    (inodeCount, time, blockSize) = (fields.next(), fields.next(), fields.next())
    fragmentCount = fields.next()
    compressor = fields.next()
    let (log, flags, idCount): (UInt16, UInt16, UInt16) = (fields.next(), fields.next(), fields.next())
    (self.flags, self.idCount) = (flags, idCount)
    let version: (UInt16, UInt16) = (fields.next(), fields.next())
    guard version == (4, 0), 12...20 ~= log, blockSize == 1 << log else { return nil }
    (root, bytesUsed, idTable) = (fields.next(), fields.next(), fields.next())
    (attributeTable, inodeTable, directoryTable) = (fields.next(), fields.next(), fields.next())
    (fragmentTable, exportTable) = (fields.next(), fields.next())
  }
}
