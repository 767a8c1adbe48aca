internal import ImageModel

/// One partition of a disk, in bytes.
struct Partition: Hashable, Sendable {
  /// From 1, as Linux counts.
  var number: Int
  var offset: Int
  var size: Int
}

/// Where a disk's partitions lie: a table of the old form (MBR), or a GUID table.
struct PartitionTable: Sendable, Equatable {
  static let sector = 512
  private static let first = 446
  var partitions: [Partition] = []
  /// Whether the table is one of GUIDs.
  var isGUID = false

  /// - Parameter bytes: from the start of the disk; 34 sectors are enough for every table.
  init(_ bytes: [UInt8], diskSize: Int) throws(Failure) {
    let reader = Bytes(bytes)
    guard bytes.count >= Self.sector, try reader.u16(510) == 0xAA55 else {
      throw Failure("the disk has no table of partitions", help: "give a disk that boots from a BIOS")
    }
    if try reader.u8(Self.first + 4) == 0xEE {
      isGUID = true
      try readGUIDs(reader, diskSize)
    } else {
      for index in 0..<4 {
        let entry = Self.first + 16 * index
        let (type, start, count) = try (reader.u8(entry + 4), reader.u32(entry + 8), reader.u32(entry + 12))
        // Extended partitions hold more of them: systems that such a disk has lie in primary ones.
        guard type != 0, ![0x05, 0x0F, 0x85].contains(type) else { continue }
        add(index + 1, start: start, count: count, diskSize)
      }
    }
  }

  private mutating func readGUIDs(_ reader: Bytes, _ diskSize: Int) throws(Failure) {
    guard try reader.slice(512, 8) == Array("EFI PART".utf8)[...] else {
      throw Failure("the disk's table of partitions is damaged: there is no GUID table behind the first sector")
    }
    let (table, count, size) = try (reader.u64(512 + 72), reader.u32(512 + 80), reader.u32(512 + 84))
    guard table == 2, size >= 128, size <= 4096, count <= 128 else {
      throw Failure("the disk's GUID table of partitions is of a kind that is not read")
    }
    for index in 0..<count where 1024 + (index + 1) * size <= reader.bytes.count {
      let entry = 1024 + index * size
      guard try reader.slice(entry, 16).contains(where: { $0 != 0 }) else { continue }
      let (start, end) = try (reader.u64(entry + 32), reader.u64(entry + 40))
      if end >= start { add(index + 1, start: start, count: end - start + 1, diskSize) }
    }
  }

  private mutating func add(_ number: Int, start: Int, count: Int, _ diskSize: Int) {
    guard start > 0, count > 0, start <= diskSize / Self.sector, count <= diskSize / Self.sector - start else { return }
    partitions.append(Partition(number: number, offset: start * Self.sector, size: count * Self.sector))
  }

  /// The first sector of a disk with one active partition of Linux from 1 MiB to the end.
  /// - Parameters:
  ///   - code: what the BIOS runs, at most 440 bytes.
  ///   - identity: of the disk.
  static func sector(of diskSize: Int, code: [UInt8] = [], identity: UInt32) -> [UInt8] {
    var bytes = code + [UInt8](repeating: 0, count: Self.sector - code.count)
    bytes.replaceSubrange(440..<444, with: Bytes.little(identity))
    bytes.replaceSubrange(first..<first + 16, with: entry(start: firstPartition, end: diskSize))
    bytes.replaceSubrange(510..<512, with: [0x55, 0xAA])
    return bytes
  }

  /// Where the one partition of our own disks begins.
  static let firstPartition = 1 << 20

  /// What stands in an old table for an active partition of Linux.
  static func entry(start: Int, end: Int) -> [UInt8] {
    // Cylinders and heads end at 8 GB: these say that they do not know.
    let (begin, count) = (UInt32(start / sector), UInt32(clamping: (end - start) / sector))
    return [0x80, 0xFE, 0xFF, 0xFF, 0x83, 0xFE, 0xFF, 0xFF] + Bytes.little(begin) + Bytes.little(count)
  }

  /// Where the entry of a partition lies in the first sector.
  static func entryOffset(_ number: Int) -> Int { first + 16 * (number - 1) }
}
