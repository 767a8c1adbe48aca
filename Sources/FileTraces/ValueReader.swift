package import ImageModel

/// Reads what `ValueWriter` wrote; anything else is `Damage`, never a crash.
package struct ValueReader {
  package struct Damage: Error {
    package init() {}
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var paths: [FilePath] = []

  /// - Parameter bytes: valid as long as the reader is used.
  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  package var isAtEnd: Bool { position == bytes.count }

  private mutating func take(_ count: Int) throws(Damage) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - position else { throw Damage() }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
  }

  package mutating func number() throws(Damage) -> Int {
    Int(Int64(littleEndian: try take(8).loadUnaligned(as: Int64.self)))
  }

  package mutating func flag() throws(Damage) -> Bool { try take(1)[0] != 0 }
  package mutating func block() throws(Damage) -> [UInt8] { Array(try take(try number())) }
  package mutating func text() throws(Damage) -> String { String(decoding: try take(try number()), as: UTF8.self) }
  package mutating func path() throws(Damage) -> FilePath { FilePath(bytes: try take(try number())) }
  package mutating func sharedPath() throws(Damage) -> FilePath {
    let place = try number()
    if paths.indices.contains(place) { return paths[place] }
    guard place == paths.count else { throw Damage() }
    let path = try path()
    paths.append(path)
    return path
  }

  package mutating func digest() throws(Damage) -> Digest { Digest(bytes: try take(32)) }

  package mutating func optional<Value>(
    _ body: (inout ValueReader) throws(Damage) -> Value
  ) throws(Damage) -> Value? {
    try flag() ? try body(&self) : nil
  }

  package mutating func list<Value>(_ body: (inout ValueReader) throws(Damage) -> Value) throws(Damage) -> [Value] {
    let count = try number()
    guard count >= 0, count <= bytes.count - position else { throw Damage() }
    var values: [Value] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }
}
