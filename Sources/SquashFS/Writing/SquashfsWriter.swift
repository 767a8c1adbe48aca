internal import HostSystem
package import ImageModel

/// Writes an image: first the contents of files as they come, then one tree that says what they are.
///
/// For one thread. The same calls give the same bytes, whatever the number of threads. After an error it is of no use.
package final class SquashfsWriter {
  package struct Options: Sendable, Hashable {
    package var compression = SquashfsCompression.gzip()
    /// When the image was made, in seconds since 1970.
    package var time: UInt32 = 0
    /// That compress; reading and hashing is done by the caller's.
    package var threads = coreCount

    package init() {}
  }

  /// The content of a file, to be named in the tree.
  package struct ContentID: Hashable, Sendable { let index: Int }

  package struct Report: Sendable, Hashable {
    /// Of the whole image.
    package var size = 0
    package var inodes = 0
    /// Files whose time was before 1970 or after 2106 and is now one of these.
    package var clampedTimes = 0
    /// Names of attributes that squashfs cannot hold, and of how many files.
    package var droppedAttributes: [[UInt8]: Int] = [:]
  }

  private let options: Options
  private let output: ImageOutput
  private let files: StoredContents
  /// Bytes of the file that has begun.
  private var (announced, given) = (0, 0)

  /// - Parameter earlier: images from which blocks are taken, which changes no byte of what is written.
  package init(to sink: any SquashfsSink, options: Options, reusing earlier: [EarlierImage] = []) throws {
    try options.compression.check()
    self.options = options
    output = ImageOutput(sink)
    files = StoredContents(to: output, compression: options.compression, threads: options.threads, reusing: earlier)
    // Its place; a reader knows that it is not there yet.
    try output.append([UInt8](repeating: 0, count: SquashfsFormat.superblockSize))
    if let bytes = options.compression.options {
      var block: [UInt8] = []
      block.append(little: UInt16(bytes.count) | SquashfsFormat.rawMetadata)
      try output.append(block + bytes)
    }
  }

  /// The ends of the next files share no block with those before, so that their blocks depend on them alone.
  package func layerBegins() throws { try files.closeFragment() }

  /// Whether `file` needs no bytes for this content.
  package func knows(_ content: Digest, size: Int) -> Bool { files.knows(content, size: size) }

  /// A file with a content that this image or an earlier one has.
  /// - Returns: nil when none has it: then it is to be given.
  /// - Throws: here or later, `EarlierImageFault`.
  package func file(_ content: Digest, size: Int) throws -> ContentID? {
    try files.file(content, size: size).map(ContentID.init(index:))
  }

  /// What was noted of a content when it was first given.
  package func note(of content: ContentID) -> UInt8 { files.contents[content.index].note }

  /// - Parameter digest: of the content that comes; nil when it is not known.
  package func beginFile(size: Int, digest: Digest? = nil) {
    (announced, given) = (size, 0)
    files.begin(size: size, digest: digest)
  }

  package func content(_ bytes: UnsafeRawBufferPointer) throws {
    given += bytes.count
    guard given <= announced else {
      throw Failure("a file has more than the \(announced) bytes that it was said to have")
    }
    try files.append(bytes)
  }

  /// - Parameter note: kept with the content for images that take it over.
  package func endFile(note: UInt8 = 0) throws -> ContentID {
    guard given == announced else {
      throw Failure("a file has \(given) bytes and not the \(announced) that it was said to have")
    }
    return ContentID(index: try files.end(note: note))
  }

  /// A file of the layer that is not in the image: the others lie as if it were.
  package func skipFile(size: Int) throws { try files.skip(size: size) }

  /// Writes everything else.
  package func finish(_ tree: SquashfsTree) throws -> Report {
    try files.finish()
    let compressor = BlockCompressor(options.compression)
    let tables = try TreeTables(of: tree, files: files, compressor: compressor)
    var superblock = Superblock()
    superblock.inodeCount = UInt32(tables.references.count)
    superblock.time = options.time
    superblock.blockSize = UInt32(DataBlock.size)
    superblock.fragmentCount = UInt32(files.fragments.count)
    superblock.compressor = options.compression.number
    superblock.idCount = UInt16(tables.owners.ids.count)
    superblock.root = tables.rootReference
    superblock.flags =
      SquashfsFormat.Flag.alwaysFragments | SquashfsFormat.Flag.duplicatesRemoved | SquashfsFormat.Flag.exportable
    if options.compression.options != nil { superblock.flags |= SquashfsFormat.Flag.compressorOptions }

    superblock.inodeTable = UInt64(output.position)
    try output.append(tables.inodes.stored)
    superblock.directoryTable = UInt64(output.position)
    try output.append(tables.directories.stored)
    var rows: [UInt8] = []
    for fragment in files.fragments {
      rows.append(little: UInt64(fragment.offset))
      rows.append(little: fragment.size)
      rows.append(little: UInt32(0))
    }
    superblock.fragmentTable = try writeTable(rows, compressor)
    rows = []
    for reference in tables.references { rows.append(little: reference) }
    superblock.exportTable = try writeTable(rows, compressor)
    rows = []
    for id in tables.owners.ids { rows.append(little: id) }
    superblock.idTable = try writeTable(rows, compressor)
    if tables.attributes.count > 0 {
      superblock.attributeTable = try writeAttributes(tables.attributes, compressor)
    } else {
      superblock.flags |= SquashfsFormat.Flag.noAttributes
    }
    superblock.bytesUsed = UInt64(output.position)
    // The kernel reads whole pages.
    try output.pad(to: 4096)
    try output.patch(superblock.bytes, at: 0)
    return Report(
      size: output.position, inodes: tables.references.count, clampedTimes: tables.clampedTimes,
      droppedAttributes: tables.droppedAttributes)
  }

  /// What an image that takes blocks from this one must know; after `finish`.
  package var blockMap: BlockMap { files.map }

  /// - Returns: where the list of its blocks lies; without rows, where it would lie.
  private func writeTable(_ rows: [UInt8], _ compressor: BlockCompressor, header: [UInt8] = []) throws -> UInt64 {
    let stream = MetadataStream(compressor)
    try stream.append(rows)
    try stream.finish()
    let start = output.position
    try output.append(stream.stored)
    var list = header
    for block in stream.starts { list.append(little: UInt64(start + block)) }
    let place = output.position
    try output.append(list)
    return UInt64(place)
  }

  private func writeAttributes(_ attributes: AttributeTable, _ compressor: BlockCompressor) throws -> UInt64 {
    var header: [UInt8] = []
    header.append(little: UInt64(output.position))
    header.append(little: attributes.count)
    header.append(little: UInt32(0))
    try output.append(try attributes.finish())
    return try writeTable(attributes.rows, compressor, header: header)
  }
}
