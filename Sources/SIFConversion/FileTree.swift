package import ImageModel
package import SIFFormat

/// What lies at a path of a container, but its times.
package struct FileFacts: Hashable, Sendable {
  package enum Kind: String, Sendable {
    case file, directory, fifo, socket
    case symbolicLink = "symbolic link"
    case characterDevice = "character device"
    case blockDevice = "block device"
  }

  package var kind: Kind
  /// 0o7777
  package var mode: Int
  package var uid: Int
  package var gid: Int
  /// Of a file.
  package var size = 0
  package var content: Digest?
  /// Of a symbolic link.
  package var target: [UInt8] = []
  /// Of a device, major and minor.
  package var device: [Int] = []
  package var attributes: [[UInt8]: [UInt8]] = [:]

  package init(kind: Kind, mode: Int, uid: Int, gid: Int) {
    (self.kind, self.mode, self.uid, self.gid) = (kind, mode, uid, gid)
  }
}

/// A root file system, every path with what lies there; hard links are files of their own.
package struct FileTree: Sendable, Equatable {
  /// Relative to the root, which is the empty path.
  package internal(set) var files: [FilePath: FileFacts] = [:]

  init() {}
}

extension FileTree: RootView {
  package func entry(at path: FilePath) -> RootEntry? {
    guard let facts = files[FilePath(bytes: path.components.joined(separator: [UInt8(ascii: "/")]))] else { return nil }
    return switch facts.kind {
    case .directory: .directory
    case .file: .regular
    case .symbolicLink: .link(FilePath(bytes: facts.target))
    default: .other
    }
  }

  package func count(in directory: FilePath) -> Int {
    files.keys.count { !$0.isEmpty && $0.parent == directory }
  }
}
