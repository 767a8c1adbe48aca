/// The extended attributes of a tree: each set of them stored once, and each long value.
final class AttributeTable {
  private let stream: MetadataStream
  /// Reference, count of attributes and bytes of each set.
  private(set) var rows: [UInt8] = []
  private(set) var count: UInt32 = 0
  private var setNumbers: [Int: UInt32] = [:]
  /// Where the first of equal values lies.
  private var values: [[UInt8]: UInt64] = [:]

  init(_ compressor: BlockCompressor) { stream = MetadataStream(compressor) }

  /// - Parameter number: of the set in its tree.
  /// - Returns: the number of the set in the image, nil when the format can hold no attribute of it; and those names.
  func add(_ set: [ExtendedAttribute], number: Int) throws -> (number: UInt32?, dropped: [[UInt8]]) {
    var (kept, dropped) = ([(prefix: Int, ExtendedAttribute)](), [[UInt8]]())
    for attribute in set {
      let prefix = SquashfsFormat.attributePrefixes.firstIndex { attribute.name.starts(with: $0) }
      if let prefix, attribute.name.count <= SquashfsFormat.longestName, attribute.value.count <= 65536 {
        kept.append((prefix, attribute))
      } else {
        dropped.append(attribute.name)
      }
    }
    if kept.isEmpty { return (nil, dropped) }
    if let known = setNumbers[number] { return (known, dropped) }
    let (start, reference) = (stream.count, stream.reference)
    for (prefix, attribute) in kept { try append(attribute, prefix) }
    rows.append(little: reference)
    rows.append(little: UInt32(kept.count))
    rows.append(little: UInt32(stream.count - start))
    setNumbers[number] = count
    count += 1
    return (count - 1, dropped)
  }

  /// All sets, compressed.
  func finish() throws -> [UInt8] {
    try stream.finish()
    return stream.stored
  }

  private func append(_ attribute: ExtendedAttribute, _ prefix: Int) throws {
    let name = attribute.name.dropFirst(SquashfsFormat.attributePrefixes[prefix].count)
    // A reference has eight bytes itself.
    let shared = attribute.value.count > 8 ? values[attribute.value] : nil
    var key: [UInt8] = []
    key.append(little: UInt16(prefix) | (shared == nil ? 0 : SquashfsFormat.sharedValue))
    key.append(little: UInt16(name.count))
    key.append(contentsOf: name)
    try stream.append(key)
    var value: [UInt8] = []
    if let shared {
      value.append(little: UInt32(8))
      value.append(little: shared)
    } else {
      values[attribute.value] = stream.reference
      value.append(little: UInt32(attribute.value.count))
      value.append(contentsOf: attribute.value)
    }
    try stream.append(value)
  }
}
