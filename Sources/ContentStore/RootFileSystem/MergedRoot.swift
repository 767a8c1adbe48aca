/// The root file system that the layers of an image make together, streamed: nothing is extracted.
///
/// Layers are read from the top to the bottom, each once, and a file is given the first time that its path is seen and not
/// hidden. A layer whose index is known, and every content that is to be given, is not read at all. Symbolic links are
/// never followed when an entry is placed.
package struct MergedRoot {
  private let layers: [LayerSource]
  private let limits: RootLimits

  /// - Parameter layers: the top one first.
  package init(layers: [LayerSource], limits: RootLimits = RootLimits()) {
    self.layers = layers
    self.limits = limits
  }

  /// Reads and verifies all layers.
  /// - Throws: `Failure`, which names the layer and the entry, and what the sink throws.
  package func read(into sink: any RootSink) throws -> RootTree {
    var merge = RootMerge(limits: limits)
    for layer in layers {
      merge.beginLayer(layer.name)
      try sink.layerBegins()
      let entries = LayerEntries(layer: layer, index: try layer.index(), limits: limits)
      let areKnown = entries.areKnown(to: sink) { entry, _ in !merge.hides(entry.path) }
      try entries.forEach(withoutBytes: areKnown) { item in
        guard case .file(let inode, let isHidden) = try merge.add(item.entry) else { return }
        if isHidden {
          try telling { try sink.skipFile(size: item.entry.size) }
        } else {
          merge.setContent(try item.give(to: sink), of: inode)
        }
      }
      let hidden = try merge.endLayer()
      if !hidden.isEmpty { try give(hidden, of: entries, sink, &merge) }
    }
    return try merge.tree()
  }

  /// Files that are hidden but have other names, which shows only when their layer was read: it is read again, unless
  /// they are known.
  private func give(
    _ files: [(ordinal: Int, inode: Int)], of entries: LayerEntries, _ sink: any RootSink, _ merge: inout RootMerge
  ) throws {
    let ordinals = Set(files.map(\.ordinal))
    let areKnown = entries.areKnown(to: sink) { ordinals.contains($1) }
    var (left, ordinal) = (files[...], 0)
    try entries.forEach(withoutBytes: areKnown) { item in
      defer { ordinal += 1 }
      guard let file = left.first, file.ordinal == ordinal else { return }
      left.removeFirst()
      merge.setContent(try item.give(to: sink), of: file.inode)
    }
  }
}
