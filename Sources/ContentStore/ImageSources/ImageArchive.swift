package import HostSystem
internal import ImageModel

/// The files of an image archive, read where they lie in it.
package struct ImageArchive: ImageFiles {
  private enum Entry {
    case file(Range<Int>)
    case link(String)
  }

  package let name: String
  private let file: any RandomAccessFile
  /// By normalized path; of one path the last counts.
  private var entries: [String: Entry] = [:]

  /// Bytes of all names together, which are kept in memory.
  private static let nameLimit = 64 << 20
  private static let mostLinks = 16

  /// Looks at all headers, and at no contents.
  /// - Throws: `Failure` when the file is no whole archive.
  package init(_ file: any RandomAccessFile, name: String) throws {
    self.file = file
    self.name = name
    let cursor = FileRangeReader(file, 0..<file.size)
    let bytes = BufferedReader(cursor, size: 1 << 12)
    let archive = TarReader(bytes, name: name, holes: 0)
    var room = Self.nameLimit
    while let entry = try archive.next() {
      let path = FilePath(bytes: LayerListing.normalized(entry.path)).normalized
      guard let text = path.text else { continue }
      room -= text.utf8.count + entry.link.count + 64
      guard room > 0 else { throw fault("it has over \(Self.nameLimit) bytes of names", help: "is it an image?") }
      switch entry.kind {
      case .file:
        guard archive.isStored else { throw archive.fault("it is a sparse file") }
        let start = cursor.offset - bytes.ahead
        guard entry.size <= file.size - start else { throw archive.fault("the archive ends before its end") }
        entries[text] = .file(start..<start + entry.size)
      case .symbolicLink: entries[text] = Self.link(path.parent / FilePath(bytes: entry.link))
      case .hardLink: entries[text] = Self.link(FilePath(bytes: LayerListing.normalized(entry.link)))
      default: break
      }
    }
  }

  private static func link(_ target: FilePath) -> Entry? { target.normalized.text.map { .link($0) } }

  private func range(of path: String) -> Range<Int>? {
    var path = FilePath(bytes: LayerListing.normalized(Array(path.utf8))).normalized.description
    for _ in 0...Self.mostLinks {
      switch entries[path] {
      case .file(let range): return range
      case .link(let target): path = target
      case nil: return nil
      }
    }
    return nil
  }

  package func size(of path: String) -> Int? { range(of: path)?.count }

  package func open(_ path: String) throws -> any ByteReader {
    guard let range = range(of: path) else { throw fault("`\(path)` is missing") }
    return FileRangeReader(file, range)
  }
}
