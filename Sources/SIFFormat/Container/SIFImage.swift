package import HostSystem
internal import ImageModel

/// A SIF as its header and its table describe it; every range lies in the file, and no two overlap.
package struct SIFImage: Sendable, Hashable {
  /// More objects than any file has: what may be allocated for a table is bounded.
  static let slotLimit = 1 << 16

  package let header: SIFHeader
  /// In the order of their slots.
  package let objects: [SIFDescriptor]
  let fileSize: Int

  /// - Throws: a `Failure` that names the place of the fault.
  package init(reading file: any RandomAccessFile) throws {
    do {
      try self.init(file)
    } catch let fault as SIFFault {
      throw fault.failure(of: file.path)
    }
  }

  private init(_ file: any RandomAccessFile) throws {
    fileSize = file.size
    header = try SIFHeader(decoding: try file.bytes(0..<min(fileSize, SIFHeader.size)))
    let table = try Self.table(header, fileSize: fileSize)
    let bytes = try file.bytes(table)
    var objects: [SIFDescriptor] = []
    for start in stride(from: 0, to: bytes.count, by: SIFDescriptor.size) {
      let slot = bytes[start..<start + SIFDescriptor.size]
      if let object = try SIFDescriptor(decoding: slot, at: table.lowerBound + start, fileSize: fileSize) {
        objects.append(object)
      }
    }
    self.objects = objects
    try Self.checkPlaces(objects, table: table)
    try Self.checkIdentities(objects, table: table)
  }

  /// Where the table lies.
  private static func table(_ header: SIFHeader, fileSize: Int) throws(SIFFault) -> Range<Int> {
    let (offset, count) = (header.descriptorsOffset, header.descriptorsTotal)
    guard (0...slotLimit).contains(count) else {
      throw SIFFault(88, "the table has \(count) entries; 0 to \(slotLimit) are possible")
    }
    guard offset >= SIFHeader.size, offset <= fileSize, count * SIFDescriptor.size <= fileSize - offset else {
      throw SIFFault(
        96, "the table of \(count) entries from byte \(offset) does not lie in a file of \(fileSize) bytes")
    }
    return offset..<offset + count * SIFDescriptor.size
  }

  private static func checkPlaces(_ objects: [SIFDescriptor], table: Range<Int>) throws(SIFFault) {
    var end = 0
    var previous: SIFDescriptor?
    for object in objects.filter({ $0.count > 0 }).sorted(by: { ($0.offset, $0.id) < ($1.offset, $1.id) }) {
      guard !object.range.overlaps(table) else {
        throw SIFFault(object.offset, "object \(object.id) overlaps the table")
      }
      if object.offset < end, let previous {
        throw SIFFault(object.offset, "object \(object.id) overlaps object \(previous.id)")
      }
      (end, previous) = (object.range.upperBound, object)
    }
  }

  private static func checkIdentities(_ objects: [SIFDescriptor], table: Range<Int>) throws(SIFFault) {
    var seen: Set<UInt32> = []
    for object in objects where !seen.insert(object.id).inserted {
      throw SIFFault(table.lowerBound, "two objects have the number \(object.id)")
    }
    let primary = objects.filter { $0.partition?.kind == .primarySystem }
    if primary.count > 1 {
      throw SIFFault(
        table.lowerBound, "objects \(primary[0].id) and \(primary[1].id) are both the primary system partition")
    }
  }

  /// The root file system that runtimes mount.
  package var primaryPartition: SIFDescriptor? { objects.first { $0.partition?.kind == .primarySystem } }

  /// Whether it holds an OCI image, index, manifest and layers, in place of a root file system.
  package var isOCI: Bool { objects.contains { $0.type == .ociRootIndex } }

  /// The JSON object of a name.
  package func json(_ name: String) -> SIFDescriptor? { objects.first { $0.type == .json && $0.text == name } }

  package var definition: SIFDescriptor? { objects.first { $0.type == .definition } }

  /// - Throws: when the object has more than `limit` bytes.
  package func bytes(of object: SIFDescriptor, in file: any RandomAccessFile, limit: Int = 64 << 20) throws -> [UInt8] {
    guard object.count <= limit else {
      throw SIFFault(object.offset, "object \(object.id) has \(object.count) bytes, more than \(limit)")
        .failure(of: file.path)
    }
    return try file.bytes(object.range)
  }
}
