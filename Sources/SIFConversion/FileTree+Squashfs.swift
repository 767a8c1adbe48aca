package import HostSystem
internal import ImageModel
package import SIFFormat
package import SquashFS

extension SIFImage {
  /// The root file system that runtimes mount.
  /// - Throws: `Failure` when there is none that can be read.
  package func root(in file: any RandomAccessFile) throws -> SquashfsReader {
    guard let object = primaryPartition, object.partition?.fileSystem == .squashfs else {
      throw Failure("\(file.path) has no squashfs to run")
    }
    return try squashfs(object, in: file)
  }

  package func squashfs(_ object: SIFDescriptor, in file: any RandomAccessFile) throws -> SquashfsReader {
    try SquashfsReader(FileSource(file, range: object.range), name: "the squashfs in \(file.path)")
  }
}

extension FileTree {
  /// - Parameter check: called for each file; who throws there ends the reading.
  package init(_ reader: SquashfsReader, check: () throws -> Void = {}) throws {
    self.init()
    // Names that share their bytes are many.
    var digests: [SquashfsInode.File: Digest] = [:]
    try reader.forEachEntry { entry in
      try check()
      let inode = entry.inode
      var facts = FileFacts(kind: .file, mode: Int(inode.mode), uid: Int(inode.uid), gid: Int(inode.gid))
      for attribute in try reader.attributes(of: inode) { facts.attributes[attribute.name] = attribute.value }
      switch inode.kind {
      case .directory: facts.kind = .directory
      case .fifo: facts.kind = .fifo
      case .socket: facts.kind = .socket
      case .symbolicLink(let target): (facts.kind, facts.target, facts.mode) = (.symbolicLink, target, 0o777)
      case .characterDevice(let major, let minor):
        (facts.kind, facts.device) = (.characterDevice, [Int(major), Int(minor)])
      case .blockDevice(let major, let minor): (facts.kind, facts.device) = (.blockDevice, [Int(major), Int(minor)])
      case .file(let file):
        facts.size = file.size
        if let known = digests[file] {
          facts.content = known
        } else {
          var hasher = SHA256Hasher()
          try reader.forEachPiece(of: file) { piece in
            try check()
            hasher.update(piece)
          }
          facts.content = hasher.finish()
          digests[file] = facts.content
        }
      }
      files[FilePath(bytes: entry.path)] = facts
    }
  }
}
