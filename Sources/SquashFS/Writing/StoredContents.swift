internal import HostSystem
internal import ImageModel

/// Where the bytes of a file lie in the image.
struct StoredContent {
  let size: Int
  /// The place of its first block in the list of all blocks; it has `size / DataBlock.size` of them.
  let firstBlock: Int
  /// Where its first block lies in the image.
  var start = 0
  /// The fragment block with the rest of its bytes, and where they begin there.
  var fragment = SquashfsFormat.none32
  var fragmentOffset: UInt32 = 0
  /// The same bytes are in the image already.
  var isDropped = false

  var blocks: Range<Int> { firstBlock..<firstBlock + size / DataBlock.size }
}

/// The contents of files on their way into the image: cut into blocks, compressed on several threads, written in the
/// order in which they came, the same content once.
///
/// What is written depends on the calls alone. Blocks of a file as large as an earlier one are held back, compressed,
/// until its digest says whether it is the same; of files so large that this would cost memory all are written.
final class StoredContents {
  /// Larger files are stored as often as they come.
  static let largestHeld = 32 << 20

  private let output: ImageOutput
  private let work: OrderedWork<DataBlock>
  /// Blocks that wait, are compressed or wait to be written.
  private let inFlightLimit: Int
  private var recycled: [DataBlock] = []

  private(set) var contents: [StoredContent] = []
  /// The stored sizes of all blocks of all files.
  private(set) var blockSizes: [UInt32] = []
  /// Where each fragment block lies, and its stored size.
  private(set) var fragments: [(start: Int, size: UInt32)] = []
  private var numbers: [Digest: Int] = [:]
  /// Of files with whole blocks, whose digests are known.
  private var sizes: Set<Int> = []

  // The file that comes now.
  private var block = DataBlock()
  private var hasher = SHA256Hasher()
  private var isHeld = false
  private var held: [[UInt8]] = []

  // The ends of files that share a block.
  private var fragment = DataBlock()
  /// How full the fragment block would be if no file were left out.
  private var fragmentFill = 0

  init(to output: ImageOutput, compression: SquashfsCompression, threads: Int) {
    self.output = output
    inFlightLimit = 2 * threads + 16
    work = OrderedWork(threads: threads) { DataBlock.worker(compression) }
  }

  func begin(size: Int) {
    contents.append(StoredContent(size: size, firstBlock: blockSizes.count))
    hasher = SHA256Hasher()
    isHeld = sizes.contains(size)
    held = []
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    hasher.update(bytes)
    var rest = bytes
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(block.room))
      block.append(piece)
      rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
      if block.room == 0 {
        blockSizes.append(0)
        try submit(block, for: .file(contents.count - 1, block: blockSizes.count - 1))
        block = emptyBlock()
      }
    }
  }

  /// - Precondition: all bytes of the file came.
  /// - Returns: the number of the content, that of an earlier file when it had the same.
  func end() throws -> Int {
    let (number, digest) = (contents.count - 1, hasher.finish())
    let hasBlocks = !contents[number].blocks.isEmpty
    defer { block.count = 0 }
    if let original = numbers[digest], isHeld || !hasBlocks {
      (isHeld, held) = (false, [])
      if hasBlocks { contents[number].isDropped = true } else { contents.removeLast() }
      try leaveRoom(for: block.count)
      return original
    }
    if isHeld {
      isHeld = false
      if !held.isEmpty { contents[number].start = output.position }
      for block in held { try output.append(block) }
      held = []
    }
    if numbers.updateValue(number, forKey: digest) == nil, hasBlocks, contents[number].size <= Self.largestHeld {
      sizes.insert(contents[number].size)
    }
    if block.count > 0 {
      try leaveRoom(for: block.count)
      contents[number].fragment = UInt32(fragments.count)
      contents[number].fragmentOffset = UInt32(fragment.count)
      fragment.append(block.bytes)
    }
    return number
  }

  /// Keeps the place that the end of such a file has among the others.
  func skip(size: Int) throws { try leaveRoom(for: size % DataBlock.size) }

  func closeFragment() throws {
    fragmentFill = 0
    guard fragment.count > 0 else { return }
    fragments.append((0, 0))
    try submit(fragment, for: .fragment(fragments.count - 1))
    fragment = emptyBlock()
  }

  func finish() throws {
    try closeFragment()
    try emit(untilInFlight: 0)
  }

  private func leaveRoom(for count: Int) throws {
    if fragmentFill + count > DataBlock.size { try closeFragment() }
    fragmentFill += count
  }

  private func emptyBlock() -> DataBlock {
    let block = recycled.popLast() ?? DataBlock()
    block.count = 0
    return block
  }

  private func submit(_ block: DataBlock, for purpose: DataBlock.Purpose) throws {
    block.purpose = purpose
    work.submit(block)
    try emit(untilInFlight: inFlightLimit)
  }

  /// Writes what is ready, and waits until at most so many blocks are in flight.
  private func emit(untilInFlight limit: Int) throws {
    while let block = work.next(waiting: work.inFlight > limit) {
      try write(block)
      recycled.append(block)
    }
  }

  private func write(_ block: DataBlock) throws {
    if block.outcome == .outOfMemory { throw Failure("cannot compress: out of memory") }
    switch block.purpose {
    case .fragment(let number):
      fragments[number] = (output.position, block.storedSize)
      try output.append(block.bytes)
    case .file(let number, let place):
      blockSizes[place] = block.storedSize
      if contents[number].isDropped { return }
      if isHeld && number == contents.count - 1 {
        held.append(Array(block.bytes))
      } else {
        if place == contents[number].firstBlock { contents[number].start = output.position }
        try output.append(block.bytes)
      }
    }
  }
}
