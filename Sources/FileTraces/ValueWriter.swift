package import ImageModel

/// Puts values behind each other as bytes, for `ValueReader` of the same version to read.
package struct ValueWriter {
  package private(set) var bytes: [UInt8] = []
  /// The place of each shared path in the order of their first appearance.
  private var paths: [FilePath: Int] = [:]

  package init() {}

  package mutating func write(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

  package mutating func write(_ block: [UInt8]) {
    write(block.count)
    bytes += block
  }

  package mutating func write(_ text: String) {
    write(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }
  package mutating func write(_ path: FilePath) { write(path.bytes) }
  package mutating func write(_ digest: Digest) { digest.append(to: &bytes) }

  /// A path that stands in many places, such as the file of a location, is written once.
  package mutating func write(shared path: FilePath) {
    if let place = paths[path] { return write(place) }
    write(paths.count)
    write(path)
    paths[path] = paths.count
  }

  package mutating func write<Value>(_ value: Value?, _ body: (inout ValueWriter, Value) -> Void) {
    write(value != nil)
    if let value { body(&self, value) }
  }

  package mutating func write<Values: Collection>(
    _ values: Values, _ body: (inout ValueWriter, Values.Element) -> Void
  ) {
    write(values.count)
    for value in values { body(&self, value) }
  }
}
