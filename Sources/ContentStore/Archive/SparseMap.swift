/// Where the data of a sparse file lies; all else of it is zeros.
struct SparseMap {
  struct Piece {
    var offset: Int
    var count: Int
  }

  /// In order, without overlap.
  private(set) var pieces: [Piece]
  /// Of the file, with its holes.
  let size: Int

  struct Fault: Error { var message: String }

  private static let limit = 1 << 16

  /// - Parameter packed: the bytes that the archive holds of it.
  init(_ numbers: [Int], size: Int, packed: Int) throws(Fault) {
    guard numbers.count.isMultiple(of: 2) else { throw Fault(message: "its map of holes is cut off") }
    var (pieces, end, sum) = ([Piece](), 0, 0)
    pieces.reserveCapacity(numbers.count / 2)
    for index in stride(from: 0, to: numbers.count, by: 2) {
      let (offset, count) = (numbers[index], numbers[index + 1])
      guard offset >= end, count >= 0, size >= 0, count <= size, offset <= size - count else {
        throw Fault(message: "its map of holes is not in order")
      }
      (end, sum) = (offset + count, sum + count)
      if count > 0 { pieces.append(Piece(offset: offset, count: count)) }
    }
    guard sum == packed, size >= 0 else {
      throw Fault(message: "its map of holes speaks of \(sum) bytes of data, the archive has \(packed)")
    }
    (self.pieces, self.size) = (pieces, size)
  }

  /// What PAX records say of a sparse file; nil when they say nothing.
  enum Records {
    /// Formats 0.0 and 0.1: the records hold the map.
    case map([Int], size: Int)
    /// Format 1.0: the map stands before the data.
    case mapFollows(size: Int)

    init?(_ records: PaxRecords) throws {
      let format = (records.bytes("GNU.sparse.major"), records.bytes("GNU.sparse.minor"))
      let text = records.bytes("GNU.sparse.map")
      let version = format.0.map { String(decoding: $0 + [0x2e] + (format.1 ?? []), as: UTF8.self) }
      if version == "1.0" {
        self = .mapFollows(size: try Self.size(records.number("GNU.sparse.realsize")))
      } else if version == "0.0" || version == "0.1" || version == nil && records.bytes("GNU.sparse.size") != nil {
        let words = text?.split(separator: UInt8(ascii: ",")).map(Array.init) ?? records.sparseNumbers
        self = .map(try words.map(SparseMap.number), size: try Self.size(records.number("GNU.sparse.size")))
      } else {
        return nil
      }
    }

    private static func size(_ number: Int?) throws -> Int {
      guard let number else { throw Fault(message: "a sparse file has no size") }
      return number
    }
  }

  /// GNU's old form: numbers in the header and in further blocks.
  struct Old {
    private(set) var numbers: [Int] = []
    let size: Int
    private(set) var continues: Bool

    init(header block: UnsafeRawBufferPointer) throws(TarHeader.Fault) {
      size = try TarHeader.number(block, 483, 12, "size")
      continues = block[482] != 0
      try add(block, from: 386, count: 4)
    }

    /// - Precondition: `block` has 512 bytes.
    mutating func add(_ block: [UInt8]) throws {
      try block.withUnsafeBytes { bytes in
        continues = bytes[504] != 0
        try add(bytes, from: 0, count: 21)
      }
      if numbers.count > 2 * SparseMap.limit { throw Fault(message: "its map of holes is too long") }
    }

    private mutating func add(_ block: UnsafeRawBufferPointer, from start: Int, count: Int) throws(TarHeader.Fault) {
      for index in 0..<count {
        let offset = start + 24 * index
        // The first empty field ends the map.
        if block[offset] == 0 { return }
        numbers.append(try TarHeader.number(block, offset, 12, "offset"))
        numbers.append(try TarHeader.number(block, offset + 12, 12, "length"))
      }
    }
  }

  /// Reads format 1.0's map from the front of an entry's content: lines of numbers, filled up to a block.
  /// - Parameter next: gives the following 512 bytes.
  static func numbers(_ next: () throws -> [UInt8]) throws -> [Int] {
    var (numbers, line, wanted) = ([Int](), [UInt8](), 1)
    while numbers.count < wanted {
      for byte in try next() where numbers.count < wanted {
        if byte != UInt8(ascii: "\n") {
          guard line.count < 20 else { throw Fault(message: "its map of holes has no valid number") }
          line.append(byte)
          continue
        }
        numbers.append(try number(line))
        line = []
        if numbers.count == 1 {
          guard numbers[0] <= limit else { throw Fault(message: "its map of holes is too long") }
          wanted = 1 + 2 * numbers[0]
        }
      }
    }
    return Array(numbers.dropFirst())
  }

  private static func number(_ text: [UInt8]) throws(Fault) -> Int {
    guard let number = Int(String(decoding: text, as: UTF8.self)), number >= 0 else {
      throw Fault(message: "its map of holes has no valid number")
    }
    return number
  }
}
