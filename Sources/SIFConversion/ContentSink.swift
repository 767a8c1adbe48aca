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
  /// Of programs; the first that is not what the image is declared for, and whether there is one that is.
  private var hasFitting = false
  private var other: SIFArchitecture?

  init(_ writer: SquashfsWriter, _ architecture: SIFArchitecture) {
    self.writer = writer
    self.architecture = architecture
  }

  func layerBegins() throws { try writer.layerBegins() }
  func knows(_ content: Digest, size: Int) -> Bool { writer.knows(content, size: size) }
  func skipFile(size: Int) throws { try writer.skipFile(size: size) }

  func file(_ content: Digest, size: Int) throws -> ContentID? {
    guard let known = try writer.file(content, size: size) else { return nil }
    look(at: Self.architecture(note: writer.note(of: known)))
    return number(known)
  }

  func beginFile(size: Int, digest: Digest?) {
    head.removeAll(keepingCapacity: true)
    writer.beginFile(size: size, digest: digest)
  }

  func content(_ piece: UnsafeRawBufferPointer) throws {
    if head.count < ELFHeader.size { head.append(contentsOf: piece.prefix(ELFHeader.size - head.count)) }
    try writer.content(piece)
  }

  func endFile() throws -> ContentID {
    let program = ELFHeader(head)?.architecture
    look(at: program)
    return number(try writer.endFile(note: Self.note(program)))
  }

  /// A file of our own.
  func add(_ bytes: [UInt8]) throws -> ContentID {
    beginFile(size: bytes.count, digest: nil)
    try bytes.withUnsafeBytes { try content($0) }
    return try endFile()
  }

  private func number(_ content: SquashfsWriter.ContentID) -> ContentID {
    contents.append(content)
    return ContentID(contents.count - 1)
  }

  // MARK: programs

  /// What images that take a content over must know of it: 0 for no program.
  private static func note(_ program: SIFArchitecture?) -> UInt8 { program.map { $0.rawValue + 1 } ?? 0 }
  private static func architecture(note: UInt8) -> SIFArchitecture? {
    note == 0 ? nil : SIFArchitecture(rawValue: note - 1)
  }

  private func look(at program: SIFArchitecture?) {
    guard let program else { return }
    if program == architecture { hasFitting = true } else { other = other ?? program }
  }

  /// What programs say against the declared architecture, where none says anything for it.
  var contradiction: [Diagnostic] {
    guard !hasFitting, let other else { return [] }
    return [
      Diagnostic(
        .warning, "the image is declared for \(architecture), but its programs are for \(other)",
        help: "set `platforms:` in its definition, or build it for another platform")
    ]
  }
}
