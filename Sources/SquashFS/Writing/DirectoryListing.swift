/// The listing of one directory, written as its entries come.
///
/// A run of entries shares a header with the block of their inodes and the number of the first.
struct DirectoryListing {
  struct IndexEntry {
    /// Uncompressed bytes of the listing before the header.
    let offset: UInt32
    /// Where the header's block begins in the directory table.
    let block: UInt32
    /// Of the first entry behind it.
    let name: ArraySlice<UInt8>
  }

  private let stream: MetadataStream
  /// Of the whole listing.
  let reference: UInt64
  /// One header for each block of the directory table but the first.
  private(set) var index: [IndexEntry] = []

  private var run: [UInt8] = []
  private var runCount = 0
  private var runBlock: UInt32 = 0
  private var runNumber: UInt32 = 0
  private var runName: ArraySlice<UInt8> = []
  private var indexedBlock: Int

  init(in stream: MetadataStream) {
    self.stream = stream
    reference = stream.reference
    indexedBlock = stream.count / SquashfsFormat.metadataSize
  }

  /// Uncompressed bytes until now.
  private(set) var count = 0

  /// - Parameters:
  ///   - inode: where its inode lies in the inode table.
  ///   - number: of its inode.
  mutating func append(
    _ name: ArraySlice<UInt8>, _ type: SquashfsFormat.InodeType, inode: UInt64, number: UInt32
  ) throws {
    let block = UInt32(truncatingIfNeeded: inode >> 16)
    var distance = Int(number) - Int(runNumber)
    let isPastBlock =
      (stream.count + run.count) / SquashfsFormat.metadataSize != stream.count / SquashfsFormat.metadataSize
    if runCount == 0 || runCount == SquashfsFormat.longestRun || block != runBlock
      || Int16(exactly: distance) == nil || isPastBlock
    {
      try endRun()
      (runBlock, runNumber, runName, distance) = (block, number, name, 0)
      // The header comes before the entries when their count is known.
      run.append(contentsOf: repeatElement(0, count: 12))
    }
    run.append(little: UInt16(truncatingIfNeeded: inode))
    run.append(little: Int16(truncatingIfNeeded: distance))
    run.append(little: type.rawValue)
    run.append(little: UInt16(name.count - 1))
    run.append(contentsOf: name)
    runCount += 1
  }

  mutating func finish() throws { try endRun() }

  private mutating func endRun() throws {
    guard runCount > 0 else { return }
    let block = stream.count / SquashfsFormat.metadataSize
    // The count of index entries has 16 bits.
    if block != indexedBlock && index.count < 65535 {
      index.append(
        IndexEntry(
          offset: UInt32(truncatingIfNeeded: count),
          block: UInt32(truncatingIfNeeded: stream.reference >> 16),
          name: runName))
      indexedBlock = block
    }
    var header: [UInt8] = []
    header.append(little: UInt32(runCount - 1))
    header.append(little: runBlock)
    header.append(little: runNumber)
    run.replaceSubrange(..<12, with: header)
    try stream.append(run)
    count += run.count
    run.removeAll(keepingCapacity: true)
    runCount = 0
  }
}
