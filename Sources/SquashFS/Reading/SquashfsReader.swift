internal import ImageModel

/// Reads an image that anybody may have made: whatever its bytes say, no read leaves it and no walk is without end.
///
/// For one thread.
package final class SquashfsReader {
  let source: CheckedSource
  let superblock: Superblock
  let decompressor: BlockDecompressor
  let metadata: MetadataBlocks
  let fragments: LookupTable
  private let ids: LookupTable
  private let attributes: AttributeReader?
  var fragmentCache: (number: Int, bytes: [UInt8])?

  /// The help of the failure that is no damage.
  package static let otherCompressors = "only gzip and zstd can be read"

  /// - Parameter name: of the image, for messages.
  /// - Throws: `Failure` when it is no image, or one that is compressed otherwise than with gzip or zstd.
  package init(_ source: any SquashfsSource, name: String) throws {
    let whole = CheckedSource(source, name: name)
    guard source.size >= SquashfsFormat.superblockSize,
      let superblock = Superblock(try whole.bytes(at: 0, count: SquashfsFormat.superblockSize))
    else { throw Failure("\(name) is no squashfs image of version 4.0") }
    guard superblock.bytesUsed <= source.size else {
      throw whole.damaged("it has \(source.size) of its \(superblock.bytesUsed) bytes")
    }
    guard let decompressor = BlockDecompressor(number: superblock.compressor) else {
      let names: [UInt16: String] = [2: "lzma", 3: "lzo", 4: "xz", 5: "lz4"]
      throw Failure(
        "\(name) is compressed with \(names[superblock.compressor] ?? "an unknown compressor")",
        help: Self.otherCompressors)
    }
    guard SquashfsFormat.superblockSize <= superblock.inodeTable, superblock.inodeTable < superblock.directoryTable,
      superblock.directoryTable <= superblock.bytesUsed, superblock.inodeCount > 0
    else { throw whole.damaged("its tables do not follow each other") }
    self.superblock = superblock
    self.decompressor = decompressor
    self.source = whole.limited(to: Int(superblock.bytesUsed))
    metadata = MetadataBlocks(self.source, decompressor)
    fragments = LookupTable(
      metadata, list: superblock.fragmentTable, count: Int(superblock.fragmentCount), rowSize: 16)
    ids = LookupTable(metadata, list: superblock.idTable, count: Int(superblock.idCount), rowSize: 4)
    attributes =
      superblock.attributeTable == SquashfsFormat.none64
      ? nil : try AttributeReader(metadata, header: superblock.attributeTable)
  }

  package var inodeCount: Int { Int(superblock.inodeCount) }
  /// Bytes of a block of a file.
  package var blockSize: Int { Int(superblock.blockSize) }
  /// When the image was made, in seconds since 1970.
  package var time: UInt32 { superblock.time }
  /// The bytes of the image without the padding behind it.
  package var size: Int { source.limit }

  package var root: SquashfsInode { get throws { try inode(superblock.root) } }

  package func attributes(of inode: SquashfsInode) throws -> [ExtendedAttribute] {
    guard let number = inode.attributeSet else { return [] }
    guard let attributes else { throw source.damaged("it has no table of attributes") }
    return try attributes.set(number)
  }

  /// - Parameter reference: as listings have it.
  func inode(_ reference: UInt64) throws -> SquashfsInode {
    var cursor = try MetadataCursor(metadata, table: superblock.inodeTable, reference: reference)
    let number: UInt16 = try cursor.next()
    let isExtended = number > SquashfsFormat.InodeType.extended
    guard
      let type = SquashfsFormat.InodeType(
        rawValue: isExtended ? number - SquashfsFormat.InodeType.extended : number)
    else { throw source.damaged("an inode has the unknown type \(number)") }
    let mode: UInt16 = try cursor.next()
    let (uid, gid): (UInt16, UInt16) = (try cursor.next(), try cursor.next())
    let modified: UInt32 = try cursor.next()
    let inodeNumber: UInt32 = try cursor.next()
    guard 1...superblock.inodeCount ~= inodeNumber else { throw source.damaged("an inode has no right number") }
    var body = InodeBody(cursor, isExtended: isExtended, blockSize: blockSize, source: source)
    let kind = try body.kind(type)
    return SquashfsInode(
      kind: kind, number: inodeNumber, mode: mode & 0o7777, uid: try id(uid), gid: try id(gid), modified: modified,
      linkCount: body.linkCount, attributeSet: body.attributeSet)
  }

  private func id(_ number: UInt16) throws -> UInt32 {
    var row = try ids.row(Int(number))
    return row.next()
  }
}
