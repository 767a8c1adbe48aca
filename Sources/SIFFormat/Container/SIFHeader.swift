/// The first 128 bytes of a SIF.
package struct SIFHeader: Sendable, Hashable {
  package static let size = 128
  static let magic = Array("SIF_MAGIC".utf8) + [0]
  static let version = Array("01".utf8) + [0]
  /// What makes the kernel run an image that is executed.
  static let runSingularity = Array("#!/usr/bin/env run-singularity\n".utf8)
  /// The time that Go's libraries write where none is meant to be told: the beginning of the year 1.
  package static let noTime = -62_135_596_800

  package var launchScript: [UInt8] = runSingularity
  /// Of the primary partition.
  package var architecture: SIFArchitecture
  /// A UUID; zero bytes where none is meant to be told.
  package var id = [UInt8](repeating: 0, count: 16)
  /// Seconds since 1970.
  package var (created, modified) = (noTime, noTime)
  package var descriptorsFree: Int
  package var descriptorsTotal: Int
  package var descriptorsOffset: Int
  package var descriptorsSize: Int
  package var dataOffset: Int
  package var dataSize: Int

  /// - Throws: when this is no SIF, or one of another version.
  init(decoding bytes: [UInt8]) throws(SIFFault) {
    guard bytes.count >= Self.size else { throw SIFFault(bytes.count, "the file ends within the header of a SIF") }
    var fields = FieldReader(bytes[...])
    launchScript = fields.text(32)
    guard Array(fields.bytes(10)) == Self.magic else { throw SIFFault(32, "this is no SIF: SIF_MAGIC is not there") }
    let version = Array(fields.bytes(3))
    guard version == Self.version else {
      let text = String(decoding: version.prefix { $0 != 0 }, as: UTF8.self)
      throw SIFFault(42, "version '\(text)' of the format is not known: only 01 is")
    }
    architecture = SIFArchitecture(code: fields.bytes(3))
    id = Array(fields.bytes(16))
    created = fields.int64()
    modified = fields.int64()
    descriptorsFree = fields.int64()
    descriptorsTotal = fields.int64()
    descriptorsOffset = fields.int64()
    descriptorsSize = fields.int64()
    dataOffset = fields.int64()
    dataSize = fields.int64()
  }

  /// Of a file that tells neither a time nor an identity.
  init(
    architecture: SIFArchitecture, descriptorsFree: Int, descriptorsTotal: Int, descriptorsOffset: Int, dataOffset: Int,
    dataSize: Int
  ) {
    self.architecture = architecture
    self.descriptorsFree = descriptorsFree
    self.descriptorsTotal = descriptorsTotal
    self.descriptorsOffset = descriptorsOffset
    descriptorsSize = descriptorsTotal * SIFDescriptor.size
    self.dataOffset = dataOffset
    self.dataSize = dataSize
  }

  var encoded: [UInt8] {
    var fields = FieldWriter()
    fields.put(launchScript, in: 32)
    fields.put(Self.magic)
    fields.put(Self.version)
    fields.put(architecture.code)
    fields.put(id)
    for number in [
      created, modified, descriptorsFree, descriptorsTotal, descriptorsOffset, descriptorsSize, dataOffset, dataSize,
    ] {
      fields.put(Int64(number))
    }
    return fields.bytes
  }

  /// `ec049dbe-7ce2-4b53-9855-44a5d010ba63`.
  package var uuid: String {
    let digits = id.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
      .map { $0.joined() }.joined(separator: "-")
  }
}
