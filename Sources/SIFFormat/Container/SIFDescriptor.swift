/// An entry of a SIF's table: where an object lies, and what it is.
package struct SIFDescriptor: Sendable, Hashable {
  static let size = 585
  /// What is set in the number of a group.
  static let groupMask: UInt32 = 0xF000_0000

  package enum Link: Sendable, Hashable {
    case object(UInt32)
    case group(UInt32)
  }

  package var type: SIFDataType
  package var id: UInt32
  /// Nil for an object of no group.
  package var group: UInt32?
  package var link: Link?
  package var offset: Int
  package var count: Int
  /// With the padding that lies before the object.
  package var paddedCount: Int
  /// Seconds since 1970.
  package var (created, modified) = (SIFHeader.noTime, SIFHeader.noTime)
  package var name: [UInt8] = []
  package var details: SIFDetails

  /// - Precondition: read from a file, the range lies in it.
  package var range: Range<Int> { offset..<offset + count }

  /// The name as text; empty when there is none.
  package var text: String { String(decoding: name, as: UTF8.self) }

  package var partition: SIFPartition? { if case .partition(let partition) = details { partition } else { nil } }

  /// Nil for a slot that is not used.
  /// - Parameters:
  ///   - bytes: the 585 of one slot.
  ///   - place: where they lie in the file.
  ///   - fileSize: no object may reach beyond it.
  init?(decoding bytes: ArraySlice<UInt8>, at place: Int, fileSize: Int) throws(SIFFault) {
    var fields = FieldReader(bytes)
    type = SIFDataType(rawValue: fields.int32())
    guard fields.byte() != 0 else { return nil }
    id = fields.uint32()
    guard id > 0 else { throw SIFFault(place + 5, "an object has the number 0") }
    let group = fields.uint32() & ~Self.groupMask
    self.group = group == 0 ? nil : group
    let link = fields.uint32()
    self.link =
      link == 0 ? nil : link & Self.groupMask == Self.groupMask ? .group(link & ~Self.groupMask) : .object(link)
    offset = fields.int64()
    count = fields.int64()
    guard offset >= SIFHeader.size, count >= 0, offset <= fileSize, count <= fileSize - offset else {
      throw SIFFault(
        place + 17, "object \(id) has \(count) bytes from byte \(offset), which do not lie in a file of \(fileSize)")
    }
    paddedCount = fields.int64()
    created = fields.int64()
    modified = fields.int64()
    _ = fields.bytes(16)
    name = fields.text(128)
    details = SIFDetails(type, fields.bytes(384))
  }

  /// An object of the first group.
  init(
    _ type: SIFDataType, id: Int, offset: Int, count: Int, paddedCount: Int, name: String = "", partition: SIFPartition?
  ) {
    self.type = type
    self.id = UInt32(id)
    group = 1
    self.offset = offset
    self.count = count
    self.paddedCount = paddedCount
    self.name = Array(name.utf8)
    details = partition.map { .partition($0) } ?? .none
  }

  /// Of what a writer makes: the details of partitions only.
  var encoded: [UInt8] {
    var fields = FieldWriter()
    fields.put(type.rawValue)
    fields.put(UInt8(1))
    fields.put(id)
    fields.put((group ?? 0) | Self.groupMask)
    fields.put(UInt32(0))
    for number in [offset, count, paddedCount, created, modified, 0, 0] { fields.put(Int64(number)) }
    fields.put(name, in: 128)
    fields.put(partition?.encoded ?? [], in: 384)
    return fields.bytes
  }
}
