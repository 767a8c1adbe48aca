internal import ImageModel

/// The canonical encoding of input lists: a format with a version, pinned by golden tests.
///
/// `coppice-inputs 2\n`, then for each input its group's rank in one byte, and name and value each as a length of four
/// bytes, big-endian, and the bytes. Lengths instead of separators: no value can pretend to be two.
enum InputEncoding {
  static let header = Array("coppice-inputs 2\n".utf8)

  static func bytes(of inputs: some Sequence<StepInput>) -> [UInt8] {
    var bytes = header
    for input in inputs {
      bytes.append(UInt8(input.group.rank))
      append(input.name, to: &bytes)
      append(input.value, to: &bytes)
    }
    return bytes
  }

  /// The list of a context, without an object for each file.
  /// - Precondition: `files` is sorted by path.
  static func bytes(of files: [StagedFile]) -> [UInt8] {
    var bytes = header
    bytes.reserveCapacity(files.count * 128 + header.count)
    for file in files {
      bytes.append(UInt8(InputGroup.context.rank))
      append(file.path, to: &bytes)
      // The length stands before what it is the length of.
      let start = bytes.count
      append(length: 0, to: &bytes)
      file.appendValue(to: &bytes)
      set(length: bytes.count - start - 4, at: start, in: &bytes)
    }
    return bytes
  }

  static func inputs(from bytes: [UInt8]) throws(Failure) -> [StepInput] {
    guard bytes.starts(with: header) else { throw Failure("not a list of inputs, or of another version") }
    let groups = Dictionary(uniqueKeysWithValues: InputGroup.allCases.map { (UInt8($0.rank), $0) })
    var rest = bytes[header.count...]
    var inputs: [StepInput] = []
    while let rank = rest.popFirst() {
      guard let group = groups[rank], let name = take(&rest), let value = take(&rest) else {
        throw Failure("a list of inputs is cut short or damaged")
      }
      inputs.append(StepInput(group, name: name, value: value))
    }
    return inputs
  }

  /// One field: its length and its bytes.
  static func append(_ field: [UInt8], to bytes: inout [UInt8]) {
    append(length: field.count, to: &bytes)
    bytes.append(contentsOf: field)
  }

  private static func append(length: Int, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(length).bigEndian) { bytes.append(contentsOf: $0) }
  }

  private static func set(length: Int, at start: Int, in bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: UInt32(length).bigEndian, toByteOffset: start, as: UInt32.self)
    }
  }

  /// The next field; nil when the rest is cut short.
  static func take(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard rest.count >= 4 else { return nil }
    let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    guard rest.count - 4 >= count else { return nil }
    let field = rest.dropFirst(4).prefix(count)
    rest = rest.dropFirst(4 + count)
    return Array(field)
  }
}
