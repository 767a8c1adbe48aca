package import ContentStore
package import ImageModel
internal import SIFFormat

extension FileTree {
  /// What the layers of an image make together.
  /// - Parameter layers: the top one first.
  package init(layers: [LayerSource], limits: RootLimits = RootLimits()) throws {
    self.init()
    let sink = DigestSink()
    let root = try MergedRoot(layers: layers, limits: limits).read(into: sink)
    var paths = [FilePath](repeating: "", count: root.inodes.count)
    files[""] = Self.facts(root.inodes[0], sink)
    for entry in root.entries {
      let path = paths[entry.parent] / FilePath(bytes: entry.name)
      let inode = root.inodes[entry.inode]
      files[path] = Self.facts(inode, sink)
      if case .directory = inode.kind { paths[entry.inode] = path }
    }
  }

  private static func facts(_ inode: RootTree.Inode, _ sink: DigestSink) -> FileFacts {
    func common(_ kind: FileFacts.Kind) -> FileFacts {
      var facts = FileFacts(kind: kind, mode: inode.mode, uid: inode.uid, gid: inode.gid)
      facts.attributes = inode.attributes
      return facts
    }
    switch inode.kind {
    case .file(let content, let size):
      var facts = common(.file)
      (facts.content, facts.size) = (sink.digests[content.number], size)
      return facts
    case .directory: return common(.directory)
    case .symbolicLink(let target):
      var facts = common(.symbolicLink)
      // Not all archives say the same, and no system lets it be set.
      (facts.target, facts.mode) = (target, 0o777)
      return facts
    case .characterDevice(let major, let minor):
      var facts = common(.characterDevice)
      facts.device = [major, minor]
      return facts
    case .blockDevice(let major, let minor):
      var facts = common(.blockDevice)
      facts.device = [major, minor]
      return facts
    case .fifo: return common(.fifo)
    }
  }

  /// Paths at which a container has something that its image does not have.
  /// - Parameter config: of the image.
  package func additions(_ config: [UInt8]) throws -> Set<FilePath> {
    let plan = RootPlan(SingularityFiles(try OCIConfig(config), writer: ConversionRecipe.writer), in: self)
    return Set(
      plan.changes.flatMap { change -> [FilePath] in
        switch change {
        case .makeDirectory(let path), .write(let path, _, _), .link(let path, _): [path]
        case .move(let path, let new): [path, new]
        }
      })
  }
}

/// Keeps the digests of contents.
private final class DigestSink: RootSink {
  private(set) var digests: [Digest] = []
  private var hasher = SHA256Hasher()

  func layerBegins() {}
  func beginFile(size: Int, digest: Digest?) { hasher = SHA256Hasher() }
  func content(_ piece: UnsafeRawBufferPointer) { hasher.update(piece) }
  func skipFile(size: Int) {}

  func endFile() -> ContentID {
    digests.append(hasher.finish())
    return ContentID(digests.count - 1)
  }
}
