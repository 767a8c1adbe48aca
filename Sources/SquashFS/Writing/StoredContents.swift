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
  var digest = BlockMap.ofNothing
  /// What the caller knows of it.
  var note: UInt8 = 0

  var blocks: Range<Int> { firstBlock..<firstBlock + size / DataBlock.size }
}

/// The contents of files on their way into the image: cut into blocks, compressed on several threads, written in the
/// order in which they came, the same content once.
///
/// What is written depends on the calls alone, and not on which contents are known by digest. Blocks of a file as large as
/// an earlier one are held back, compressed, until its digest says whether it is the same; of files so large that this
/// would cost memory all are written.
final class StoredContents {
  /// Larger files are stored as often as they come.
  static let largestHeld = 32 << 20

  private let output: ImageOutput
  private let compression: SquashfsCompression
  private let earlier: EarlierImages
  private let work: OrderedWork<DataBlock>
  /// Blocks that wait, are compressed or wait to be written.
  private let inFlightLimit: Int
  private var recycled: [DataBlock] = []

  private(set) var contents: [StoredContent] = []
  /// The stored sizes of all blocks of all files.
  private(set) var blockSizes: [UInt32] = []
  private var blockDigests: [Digest] = []
  private(set) var fragments: [BlockMap.Block] = []
  /// Of how many files each has the ends.
  private var memberCounts: [Int] = []
  private var numbers: [Digest: Int] = [:]
  /// Of files with whole blocks, whose digests are known.
  private var sizes: Set<Int> = []

  // The file that comes now.
  private var block = DataBlock()
  private var hasher = SHA256Hasher()
  private var digest: Digest?
  private var isHeld = false
  private var held: [(bytes: [UInt8], digest: Digest)] = []

  // The ends of files that share a block.
  private var fragment = DataBlock()
  /// The contents of these files, and which of their ends are still to be fetched.
  private var members: [Digest] = []
  private var gaps: [DataBlock.Gap] = []
  /// How full the fragment block would be if no file were left out.
  private var fragmentFill = 0

  init(to output: ImageOutput, compression: SquashfsCompression, threads: Int, reusing images: [EarlierImage]) {
    self.output = output
    self.compression = compression
    earlier = EarlierImages(images, compression: compression)
    inFlightLimit = 2 * threads + 16
    work = OrderedWork(threads: threads) {
      let worker = BlockWorker(compression)
      return { block in
        worker.work(block)
        return block
      }
    }
  }

  // MARK: contents that are known

  /// Whether `file` needs no bytes for it.
  func knows(_ digest: Digest, size: Int) -> Bool {
    size == 0 || original(of: digest, size: size) != nil || earlier.content(digest, size: size) != nil
  }

  /// A file whose bytes this image or an earlier one has.
  /// - Returns: nil when none has them.
  func file(_ digest: Digest, size: Int) throws -> Int? {
    if let original = original(of: digest, size: size) {
      try leaveRoom(for: size % DataBlock.size)
      return original
    }
    let found = earlier.content(digest, size: size)
    guard found != nil || size == 0 else { return nil }
    begin(size: size, digest: digest)
    for block in found.map(earlier.blocks) ?? [] {
      self.block.origin = .earlier(block)
      try submitFileBlock()
    }
    let number = keep(digest, note: found?.content.note ?? 0)
    if let found, found.content.tailCount > 0 {
      try leaveRoom(for: found.content.tailCount)
      let place = fragment.count..<fragment.count + found.content.tailCount
      gaps.append(
        DataBlock.Gap(from: earlier.fragment(of: found), offset: found.content.fragmentOffset, place: place))
      addMember(number, tail: place.count)
    }
    return number
  }

  /// The content of the image that stands for one with this digest.
  private func original(of digest: Digest, size: Int) -> Int? {
    // Whether it is one must not depend on whether the digest is known before the bytes.
    size <= Self.largestHeld ? numbers[digest] : nil
  }

  // MARK: contents that come

  /// - Parameter digest: of its bytes; nil when it is not known.
  func begin(size: Int, digest: Digest?) {
    contents.append(StoredContent(size: size, firstBlock: blockSizes.count))
    self.digest = digest
    if digest == nil { hasher = SHA256Hasher() }
    isHeld = sizes.contains(size) && digest.map { numbers[$0] != nil } != false
    held = []
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    if digest == nil { hasher.update(bytes) }
    var rest = bytes
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(block.room))
      block.append(piece)
      rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
      if block.room == 0 { try submitFileBlock() }
    }
  }

  private func submitFileBlock() throws {
    blockSizes.append(0)
    blockDigests.append(BlockMap.ofNothing)
    let full = block
    block = emptyBlock()
    try submit(full, for: .file(contents.count - 1, block: blockSizes.count - 1))
  }

  /// - Precondition: all bytes of the file came.
  /// - Returns: the number of the content, that of an earlier file when it had the same.
  func end(note: UInt8) throws -> Int {
    let (number, digest) = (contents.count - 1, self.digest ?? hasher.finish())
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
      for block in held { try output.append(block.bytes, digest: block.digest) }
      held = []
    }
    _ = keep(digest, note: note)
    if block.count > 0 {
      try leaveRoom(for: block.count)
      UnsafeMutableRawBufferPointer(rebasing: fragment.memory[fragment.count...]).copyMemory(from: block.bytes)
      addMember(number, tail: block.count)
    }
    return number
  }

  /// Notes what the last content is.
  private func keep(_ digest: Digest, note: UInt8) -> Int {
    let number = contents.count - 1
    (contents[number].digest, contents[number].note) = (digest, note)
    if numbers.updateValue(number, forKey: digest) == nil, !contents[number].blocks.isEmpty,
      contents[number].size <= Self.largestHeld
    {
      sizes.insert(contents[number].size)
    }
    return number
  }

  /// Keeps the place that the end of such a file has among the others.
  func skip(size: Int) throws { try leaveRoom(for: size % DataBlock.size) }

  // MARK: fragments

  private func addMember(_ number: Int, tail count: Int) {
    contents[number].fragment = UInt32(fragments.count)
    contents[number].fragmentOffset = UInt32(fragment.count)
    members.append(contents[number].digest)
    fragment.count += count
  }

  func closeFragment() throws {
    fragmentFill = 0
    guard fragment.count > 0 else { return }
    if let known = earlier.fragment(of: members) {
      fragment.origin = .earlier(known)
    } else if !gaps.isEmpty {
      fragment.origin = .gaps(gaps)
    }
    memberCounts.append(members.count)
    (members, gaps) = ([], [])
    fragments.append(BlockMap.Block(offset: 0, size: 0, digest: BlockMap.ofNothing))
    let full = fragment
    fragment = emptyBlock()
    try submit(full, for: .fragment(fragments.count - 1))
  }

  func finish() throws {
    try closeFragment()
    try emit(untilInFlight: 0)
  }

  /// What is written, for later images; after `finish`.
  var map: BlockMap {
    var map = BlockMap(compression: compression.identity)
    for content in contents where !content.isDropped {
      var offset = content.start
      let blocks = content.blocks.map { place in
        let block = BlockMap.Block(offset: offset, size: blockSizes[place], digest: blockDigests[place])
        offset += block.storedCount
        return block
      }
      map.append(content.digest, size: content.size, note: content.note, blocks: blocks)
    }
    for (fragment, count) in zip(fragments, memberCounts) { _ = map.append(fragment, members: count) }
    return map
  }

  private func leaveRoom(for count: Int) throws {
    if fragmentFill + count > DataBlock.size { try closeFragment() }
    fragmentFill += count
  }

  private func emptyBlock() -> DataBlock {
    let block = recycled.popLast() ?? DataBlock()
    block.reset()
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
    switch block.outcome {
    case .outOfMemory: throw Failure("cannot compress: out of memory")
    case .lost: throw EarlierImageFault()
    case .compressed, .raw, .zeros: break
    }
    let stored = block.stored(at: output.position)
    switch block.purpose {
    case .fragment(let number):
      fragments[number] = stored
      try output.append(block)
    case .file(let number, let place):
      (blockSizes[place], blockDigests[place]) = (stored.size, stored.digest)
      if contents[number].isDropped { return }
      if isHeld && number == contents.count - 1 {
        held.append((Array(block.bytes), block.digest))
      } else {
        if place == contents[number].firstBlock { contents[number].start = output.position }
        try output.append(block)
      }
    }
  }
}
