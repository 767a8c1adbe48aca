package import ImageModel

/// Where the contents of files lie in an image, by their digests: what a later image needs to take its blocks over.
package struct BlockMap: Sendable, Equatable {
  /// A block as it is stored.
  struct Block: Sendable, Equatable {
    /// From the beginning of the image.
    var offset: Int
    /// As lists of blocks say it; 0 for zeros, of which nothing is stored.
    var size: UInt32
    /// Of the stored bytes.
    var digest: Digest

    var storedCount: Int { Int(size & ~SquashfsFormat.rawBlock) }
    var isRaw: Bool { size & SquashfsFormat.rawBlock != 0 }
  }

  struct Content: Sendable, Equatable {
    var digest: Digest
    var size: Int
    /// What the writer's caller has noted of it.
    var note: UInt8
    /// Places in `blocks`.
    var blocks: Range<Int>
    /// The fragment block with the rest of its bytes, and where they begin there.
    var fragment = 0
    var fragmentOffset = 0

    var tailCount: Int { size % DataBlock.size }
  }

  struct Fragment: Sendable, Equatable {
    var block: Block
    /// Whose ends it holds, one behind the other: places in `tailed`.
    var members: Range<Int>
  }

  /// Another compressor, level or version of a library makes other blocks.
  let compression: String
  /// In the order in which they came.
  private(set) var contents: [Content] = []
  private(set) var blocks: [Block] = []
  private(set) var fragments: [Fragment] = []
  /// Contents that do not end with a whole block, by their places.
  private(set) var tailed: [Int] = []
  private var numbers: [Digest: Int] = [:]

  init(compression: String) { self.compression = compression }

  /// Nil when the image does not have it.
  func content(_ digest: Digest, size: Int) -> Content? {
    guard let number = numbers[digest], contents[number].size == size else { return nil }
    return contents[number]
  }

  /// The fragment block that holds the ends of exactly these contents.
  func fragment(of members: [Digest]) -> Block? {
    guard let first = members.first.flatMap({ numbers[$0] }), contents[first].tailCount > 0 else { return nil }
    let fragment = fragments[contents[first].fragment]
    return fragment.members.count == members.count
      && zip(fragment.members, members).allSatisfy({ contents[tailed[$0]].digest == $1 }) ? fragment.block : nil
  }

  /// What a later image can take from this one, in the order in which it came.
  package var knownContents: [(digest: Digest, size: Int)] { contents.map { ($0.digest, $0.size) } }

  // MARK: making

  /// - Precondition: contents come in the order of their ends in fragment blocks.
  mutating func append(_ digest: Digest, size: Int, note: UInt8, blocks added: some Sequence<Block>) {
    let first = blocks.count
    blocks.append(contentsOf: added)
    numbers[digest] = contents.count
    contents.append(Content(digest: digest, size: size, note: note, blocks: first..<blocks.count))
    if size % DataBlock.size > 0 { tailed.append(contents.count - 1) }
  }

  /// - Returns: false when there are fewer contents, or their ends have no room in one block.
  mutating func append(_ fragment: Block, members count: Int) -> Bool {
    let first = fragments.last?.members.upperBound ?? 0
    guard count > 0, count <= tailed.count - first else { return false }
    var offset = 0
    for place in first..<first + count {
      contents[tailed[place]].fragment = fragments.count
      contents[tailed[place]].fragmentOffset = offset
      offset += contents[tailed[place]].tailCount
    }
    guard offset <= DataBlock.size else { return false }
    fragments.append(Fragment(block: fragment, members: first..<first + count))
    return true
  }

  /// Whether every end lies in a fragment block.
  var isWhole: Bool { tailed.count == fragments.last?.members.upperBound ?? 0 }
}
