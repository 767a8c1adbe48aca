package import HostSystem
internal import ImageModel

/// One value of a `TraceStore` with its trace, where it lies.
///
/// Four bytes of length, four of zero, eight of checksum; then the payload: subject, key, length of the value, value,
/// trace.
package struct TraceRecord: Sendable {
  static let headerSize = 16
  private static let fixedSize = 72

  private let owner: FileBytes
  private let start: Int
  let end: Int
  let subject: Digest
  let key: Digest
  private let valueEnd: Int

  /// Nil when no record lies there; neither its checksum nor its trace is looked at yet.
  init?(_ owner: FileBytes, at start: Int) {
    guard start + Self.headerSize <= owner.count else { return nil }
    let length = Int((owner.start + start).loadUnaligned(as: UInt32.self))
    let payload = start + Self.headerSize
    guard length >= Self.fixedSize, length <= owner.count - payload else { return nil }
    let count = Int((owner.start + payload + 64).loadUnaligned(as: UInt64.self) & 0xFFFF_FFFF)
    guard count <= length - Self.fixedSize else { return nil }
    (self.owner, self.start, end) = (owner, start, payload + length)
    subject = Digest(reading: owner.start + payload)
    key = Digest(reading: owner.start + payload + 32)
    valueEnd = payload + Self.fixedSize + count
  }

  init?(_ question: TraceStore.Question, value: [UInt8], trace: [UInt8]) {
    let length = Self.fixedSize + value.count + trace.count
    guard length <= Int(UInt32.max) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headerSize + length)
    withUnsafeBytes(of: UInt64(length).littleEndian) { bytes.append(contentsOf: $0) }
    bytes += repeatElement(0, count: 8)
    bytes += question.subject.bytes
    bytes += question.key.bytes
    withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes += value
    bytes += trace
    bytes.withUnsafeMutableBytes { bytes in
      let sum = RecordSum.of(UnsafeRawBufferPointer(rebasing: bytes[Self.headerSize...]))
      bytes.storeBytes(of: sum.littleEndian, toByteOffset: 8, as: UInt64.self)
    }
    self.init(FileBytes(bytes), at: 0)
  }

  var size: Int { end - start }

  /// The value; valid while the record is.
  package var value: UnsafeRawBufferPointer { owner[(start + Self.headerSize + Self.fixedSize)..<valueEnd] }

  func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: owner[start..<end]) }

  /// What the value was made from; nil when the record is damaged. Made anew at each call.
  package var trace: FileTrace? {
    let sum = (owner.start + start + 8).loadUnaligned(as: UInt64.self)
    guard UInt64(littleEndian: sum) == RecordSum.of(owner[(start + Self.headerSize)..<end]) else { return nil }
    return FileTrace(owner, valueEnd..<end)
  }

  /// Of each record, read on all cores.
  static func traces(of records: [TraceRecord]) -> [FileTrace?] {
    let found = Locked([FileTrace?](repeating: nil, count: records.count))
    concurrently(records.count) { index in
      let trace = records[index].trace
      found.withLock { $0[index] = trace }
    }
    return found.withLock { $0 }
  }
}
