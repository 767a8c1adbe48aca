internal import HostSystem

/// The lines of a journal where they lie, the newest first; empty ones are passed over.
struct JournalLines {
  /// Behind the checksum and a space.
  static let bodyStart = 17

  private let bytes: FileBytes
  private var end: Int

  init(_ bytes: FileBytes) { (self.bytes, end) = (bytes, bytes.count) }

  /// Valid while this is.
  mutating func next() -> UnsafeRawBufferPointer? {
    let all = bytes[0..<bytes.count]
    while end > 0, all[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    if end == 0 { return nil }
    var start = end
    while start > 0, all[start - 1] != UInt8(ascii: "\n") { start -= 1 }
    defer { end = start }
    return bytes[start..<end]
  }

  /// How many there are, at least: a line that does not end is not counted.
  var count: Int { bytes[0..<bytes.count].filledLineCount }

  /// The step that a line is about, by its bytes; nil where only a parser can tell.
  static func name(in line: UnsafeRawBufferPointer) -> [UInt8]? {
    var rest = line.dropFirst(bodyStart)
    guard skip("{\"build\":", in: &rest) else { return nil }
    rest = rest.drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard skip(",\"id\":\"", in: &rest), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    let name = rest[..<end]
    return name.contains(UInt8(ascii: "\\")) ? nil : Array(name)
  }

  private static func skip(_ word: StaticString, in rest: inout Slice<UnsafeRawBufferPointer>) -> Bool {
    let isThere = word.withUTF8Buffer { rest.starts(with: $0) }
    if isThere { rest = rest.dropFirst(word.utf8CodeUnitCount) }
    return isThere
  }
}
