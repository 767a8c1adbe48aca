internal import ContentStore
internal import ImageModel
internal import SIFFormat
internal import SquashFS

/// Hands the contents of files on to the squashfs, and looks at the first bytes of each on the way.
final class ContentSink: RootSink {
  let writer: SquashfsWriter
  /// By their numbers.
  private(set) var contents: [SquashfsWriter.ContentID] = []
  private let architecture: SIFArchitecture
  /// The first bytes of the file that is being given.
  private var head: [UInt8] = []
  /// Programs for the architecture that the image is declared for, and the first one for another.
  private var hasFitting = false
  private var other: ELFHeader?

  init(_ writer: SquashfsWriter, _ architecture: SIFArchitecture) {
    self.writer = writer
    self.architecture = architecture
  }

  func layerBegins() throws { try writer.layerBegins() }

  func beginFile(size: Int) {
    head.removeAll(keepingCapacity: true)
    writer.beginFile(size: size)
  }

  func content(_ piece: UnsafeRawBufferPointer) throws {
    if !hasFitting, head.count < ELFHeader.size { head.append(contentsOf: piece.prefix(ELFHeader.size - head.count)) }
    try writer.content(piece)
  }

  func endFile() throws -> ContentID {
    if !hasFitting, let header = ELFHeader(head) {
      if header.architecture == architecture { hasFitting = true } else { other = other ?? header }
    }
    contents.append(try writer.endFile())
    return ContentID(contents.count - 1)
  }

  func skipFile(size: Int) throws { try writer.skipFile(size: size) }

  /// A file of our own.
  func add(_ bytes: [UInt8]) throws -> ContentID {
    beginFile(size: bytes.count)
    try bytes.withUnsafeBytes { try content($0) }
    return try endFile()
  }

  /// What programs say against the declared architecture, where none says anything for it.
  var contradiction: [Diagnostic] {
    guard !hasFitting, let other else { return [] }
    return [
      Diagnostic(
        .warning, "the image is declared for \(architecture), but its programs are for \(other.architecture)",
        help: "set `platforms:` in its definition, or build it for another platform")
    ]
  }
}
