internal import ContentStore
internal import HostSystem
internal import ImageModel

/// Keeps the contents of an image's files until it is known what each one is called: in a file without a name.
final class ContentSpool: RootSink {
  private let file: any PendingFile
  private var ranges: [Range<Int>] = []
  private var known: [Digest: ContentID] = [:]
  private var begun: (start: Int, digest: Digest?)?
  private var end = 0
  private var reader: (any RandomAccessFile)?

  init(_ file: any PendingFile) { self.file = file }

  func layerBegins() {}

  func file(_ content: Digest, size: Int) -> ContentID? { known[content] }

  func beginFile(size: Int, digest: Digest?) { begun = (end, digest) }

  func content(_ piece: UnsafeRawBufferPointer) throws {
    try file.write(piece)
    end += piece.count
  }

  func endFile() -> ContentID {
    let id = ContentID(ranges.count)
    let (start, digest) = begun ?? (end, nil)
    ranges.append(start..<end)
    if let digest { known[digest] = id }
    return id
  }

  func skipFile(size: Int) {}

  /// Where a content lies, when all were given.
  func range(of content: ContentID) throws -> (Range<Int>, any RandomAccessFile) {
    let reader = try self.reader ?? file.reader()
    self.reader = reader
    guard ranges.indices.contains(content.number) else { throw Failure("a file of the image has no content") }
    return (ranges[content.number], reader)
  }

  func bytes(of content: ContentID, limit: Int) throws -> [UInt8] {
    let (range, reader) = try range(of: content)
    guard range.count <= limit else { throw Failure("a file of the image is larger than \(limit) bytes") }
    return try reader.bytes(range)
  }

  func discard() { file.discard() }
}
