internal import ImageModel

/// An image from which blocks can be taken.
package struct EarlierImage: Sendable {
  let source: any SquashfsSource
  let map: BlockMap

  /// - Parameter map: what was noted when the image was written.
  package init(_ source: any SquashfsSource, _ map: BlockMap) { (self.source, self.map) = (source, map) }
}

/// A stored block of an earlier image.
struct EarlierBlock: Sendable {
  let source: any SquashfsSource
  /// Which of the earlier images has it.
  let image: Int
  let block: BlockMap.Block

  /// Whether it lies right behind another one.
  func follows(_ other: EarlierBlock) -> Bool {
    image == other.image && block.offset == other.block.offset + other.block.storedCount
  }

  /// Whether it has the digest that it should have is left to the reader.
  /// - Returns: false when nothing is there.
  func read(into memory: UnsafeMutableRawBufferPointer) -> Bool {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<block.storedCount])
    return block.offset <= source.size - bytes.count && (try? source.read(at: block.offset, into: bytes)) != nil
  }

  func isIntact(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finish() == block.digest
  }
}

/// The images from which blocks are taken, the first that has one first.
struct EarlierImages {
  private let images: [EarlierImage]

  /// Those that were compressed otherwise are passed over.
  init(_ images: [EarlierImage], compression: SquashfsCompression) {
    self.images = images.filter { $0.map.compression == compression.identity }
  }

  struct Content {
    /// Which of the images has it.
    let image: Int
    let content: BlockMap.Content
  }

  func content(_ digest: Digest, size: Int) -> Content? {
    for number in images.indices {
      if let content = images[number].map.content(digest, size: size) {
        return Content(image: number, content: content)
      }
    }
    return nil
  }

  func blocks(of content: Content) -> [EarlierBlock] {
    images[content.image].map.blocks[content.content.blocks].map { block($0, of: content.image) }
  }

  /// The block with the end of a content.
  func fragment(of content: Content) -> EarlierBlock {
    block(images[content.image].map.fragments[content.content.fragment].block, of: content.image)
  }

  private func block(_ block: BlockMap.Block, of image: Int) -> EarlierBlock {
    EarlierBlock(source: images[image].source, image: image, block: block)
  }

  /// The fragment block that holds the ends of exactly these contents.
  func fragment(of members: [Digest]) -> EarlierBlock? {
    for (number, image) in images.enumerated() {
      if let found = image.map.fragment(of: members) { return block(found, of: number) }
    }
    return nil
  }
}

/// An earlier image is not what was noted when it was written; nothing of what was made is of use.
package struct EarlierImageFault: Error {
  package init() {}
}
