internal import HostSystem
internal import ImageModel

/// The root file system that the layers of an image make together, streamed: nothing is extracted.
///
/// Layers are read from the top to the bottom, each once, and a file is given the first time that its path is seen and not
/// hidden. Symbolic links are never followed when an entry is placed.
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
      try forEachEntry(layer) { entry, tar in
        guard case .file(let inode, let isHidden) = try merge.add(entry) else { return }
        if isHidden {
          try telling { try sink.skipFile(size: entry.size) }
        } else {
          merge.setContent(try Self.give(tar, entry.size, sink), of: inode)
        }
      }
      let hidden = try merge.endLayer()
      if !hidden.isEmpty { try give(hidden, of: layer, sink, &merge) }
    }
    return try merge.tree()
  }

  /// Files that are hidden but have other names, which shows only when their layer was read: it is read again.
  private func give(
    _ files: [(ordinal: Int, inode: Int)], of layer: LayerSource, _ sink: any RootSink, _ merge: inout RootMerge
  ) throws {
    var (left, ordinal) = (files[...], 0)
    try forEachEntry(layer) { entry, tar in
      defer { ordinal += 1 }
      guard let file = left.first, file.ordinal == ordinal else { return }
      left.removeFirst()
      merge.setContent(try Self.give(tar, entry.size, sink), of: file.inode)
    }
  }

  private static func give(_ tar: TarReader, _ size: Int, _ sink: any RootSink) throws -> ContentID {
    try telling { try sink.beginFile(size: size) }
    while try tar.withPiece({ piece in try telling { try sink.content(piece) } }) > 0 {}
    return try telling { try sink.endFile() }
  }

  private func forEachEntry(_ layer: LayerSource, _ body: (TarEntry, TarReader) throws -> Void) throws {
    let stream = try LayerStream(layer, limit: limits.layer)
    let tar = TarReader(BufferedReader(stream), name: layer.name, holes: limits.holes)
    do {
      while let entry = try tar.next() { try body(entry, tar) }
    } catch let refusal as Refusal {
      throw refusal.error
    } catch let fault as RootMerge.Fault {
      throw stream.explanation(of: tar.fault(fault.message, help: fault.help))
    } catch {
      throw stream.explanation(of: error)
    }
    try stream.finish()
  }
}

extension MergedRoot {
  /// The tree that `read` gives, from what is known of the layers, without their bytes.
  /// - Parameter layers: the top one first, with names for messages.
  package static func read(
    _ layers: [(name: String, index: LayerIndex)], limits: RootLimits = RootLimits(), into sink: any RootIndexSink
  ) throws -> RootTree {
    var merge = RootMerge(limits: limits)
    for (name, index) in layers {
      merge.beginLayer(name)
      try sink.layerBegins()
      var contents: [Int: (Digest, Int)] = [:]
      try forEachEntry(name, index) { entry, content in
        guard case .file(let inode, let isHidden) = try merge.add(entry), let content else { return }
        if isHidden {
          contents[inode] = (content, entry.size)
          try telling { try sink.skipFile(size: entry.size) }
        } else {
          merge.setContent(try telling { try sink.file(content, size: entry.size) }, of: inode)
        }
      }
      for (_, inode) in try merge.endLayer() {
        guard let (content, size) = contents[inode] else { continue }
        merge.setContent(try sink.file(content, size: size), of: inode)
      }
    }
    return try merge.tree()
  }

  private static func forEachEntry(
    _ name: String, _ index: LayerIndex, _ body: (TarEntry, Digest?) throws -> Void
  ) throws {
    do {
      _ = try index.forEach { entry, content in
        do {
          try body(entry, content)
        } catch let fault as RootMerge.Fault {
          let path = String(decoding: entry.path.prefix(300), as: UTF8.self).printable
          throw Failure("\(name), entry `\(path)`: \(fault.message)", help: fault.help)
        }
      }
    } catch let refusal as Refusal {
      throw refusal.error
    }
  }
}

/// What a sink throws: no fault of a layer.
private struct Refusal: Error { var error: any Error }

private func telling<Value>(_ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch {
    throw Refusal(error: error)
  }
}
