/// Numbers of the squashfs 4.0 format that writer and reader share.
enum SquashfsFormat {
  static let superblockSize = 96
  /// Uncompressed bytes of a metadata block.
  static let metadataSize = 8192
  /// In the size of a data block: it is stored as it is.
  static let rawBlock: UInt32 = 1 << 24
  /// In the header of a metadata block: it is stored as it is.
  static let rawMetadata: UInt16 = 1 << 15
  /// A fragment, an attribute set or a table that is not there has all bits set.
  static let none32 = UInt32.max
  static let none64 = UInt64.max
  static let longestName = 255
  /// The count of ids is 16 bits wide.
  static let mostIDs = 65535
  /// Entries below one header of a directory.
  static let longestRun = 256

  /// The types of inodes; with extended attributes and the like they are higher by seven.
  enum InodeType: UInt16 {
    case directory = 1
    case file, symbolicLink, blockDevice, characterDevice, fifo, socket

    static let extended: UInt16 = 7
  }

  enum Flag {
    static let alwaysFragments: UInt16 = 0x20
    static let duplicatesRemoved: UInt16 = 0x40
    static let exportable: UInt16 = 0x80
    static let noAttributes: UInt16 = 0x200
    static let compressorOptions: UInt16 = 0x400
  }

  /// In the type of an extended attribute: its value is a reference to another's.
  static let sharedValue: UInt16 = 0x100

  /// What the name of an extended attribute may begin with, in the order of their numbers.
  static let attributePrefixes = ["user.", "trusted.", "security."].map { Array($0.utf8) }
}

extension [UInt8] {
  /// Appends the number with its lowest byte first.
  mutating func append(little number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }
}

/// Numbers with their lowest byte first, one after the other.
struct LittleEndianBytes {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// - Precondition: there are as many bytes.
  mutating func next<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
    let size = MemoryLayout<Number>.size
    var number: Number = 0
    for byte in rest.prefix(size).reversed() { number = number << 8 | Number(byte) }
    rest = rest.dropFirst(size)
    return number
  }
}
