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
  let block: BlockMap.Block

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
    let image: EarlierImage
    let content: BlockMap.Content

    var blocks: [EarlierBlock] {
      image.map.blocks[content.blocks].map { EarlierBlock(source: image.source, block: $0) }
    }

    /// Of the block with its end, and where that begins.
    var fragment: (block: EarlierBlock, offset: Int) {
      let block = image.map.fragments[content.fragment].block
      return (EarlierBlock(source: image.source, block: block), content.fragmentOffset)
    }
  }

  func content(_ digest: Digest, size: Int) -> Content? {
    for image in images {
      if let content = image.map.content(digest, size: size) { return Content(image: image, content: content) }
    }
    return nil
  }

  /// The fragment block that holds the ends of exactly these contents.
  func fragment(of members: [Digest]) -> EarlierBlock? {
    for image in images {
      if let block = image.map.fragment(of: members) { return EarlierBlock(source: image.source, block: block) }
    }
    return nil
  }
}

/// An earlier image is not what was noted when it was written; nothing of what was made is of use.
package struct EarlierImageFault: Error {
  package init() {}
}
