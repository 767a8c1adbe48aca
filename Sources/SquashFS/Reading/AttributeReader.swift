internal import ImageModel

/// The extended attributes of an image.
struct AttributeReader {
  /// More than any file system gives to one file.
  private static let largestSet = 1 << 20

  private let blocks: MetadataBlocks
  private let sets: LookupTable
  /// Where names and values begin.
  private let start: UInt64

  init(_ blocks: MetadataBlocks, header: UInt64) throws {
    guard let place = Int(exactly: header) else { throw blocks.source.damaged("its attributes lie behind its end") }
    var fields = LittleEndianBytes(try blocks.source.bytes(at: place, count: 16)[...])
    start = fields.next()
    let count: UInt32 = fields.next()
    self.blocks = blocks
    sets = LookupTable(blocks, list: header + 16, count: Int(count), rowSize: 16)
  }

  func set(_ number: UInt32) throws -> [ExtendedAttribute] {
    var row = try sets.row(Int(number))
    var cursor = try MetadataCursor(blocks, table: start, reference: row.next())
    let count: UInt32 = row.next()
    var (attributes, size) = ([ExtendedAttribute](), 0)
    for _ in 0..<count {
      let (type, length): (UInt16, UInt16) = (try cursor.next(), try cursor.next())
      let prefix = Int(type & 0xff)
      guard prefix < SquashfsFormat.attributePrefixes.count else {
        throw blocks.source.damaged("an attribute has the unknown prefix \(prefix)")
      }
      let name = SquashfsFormat.attributePrefixes[prefix] + (try cursor.bytes(Int(length)))
      var value = try self.value(&cursor)
      if type & SquashfsFormat.sharedValue != 0 {
        guard value.count == 8 else { throw blocks.source.damaged("an attribute refers to no value") }
        var field = LittleEndianBytes(value[...])
        var place = try MetadataCursor(blocks, table: start, reference: field.next())
        value = try self.value(&place)
      }
      size += name.count + value.count
      guard size <= Self.largestSet else { throw blocks.source.damaged("a file has over 1 MiB of attributes") }
      attributes.append(ExtendedAttribute(name: name, value: value))
    }
    return attributes
  }

  private func value(_ cursor: inout MetadataCursor) throws -> [UInt8] {
    let count: UInt32 = try cursor.next()
    guard count <= 65536 else { throw blocks.source.damaged("an attribute has a value of \(count) bytes") }
    return try cursor.bytes(Int(count))
  }
}
