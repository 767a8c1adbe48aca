internal import HostSystem
internal import ImageModel

/// The entries of a layer in the order of its archive, each with what is known of its content.
struct LayerEntries {
  let layer: LayerSource
  let index: LayerIndex?
  let limits: RootLimits

  /// An entry while it is at hand.
  struct Item {
    let entry: TarEntry
    /// Of its content; nil when it is not known.
    let content: Digest?
    /// Stands at its content; nil when only the index is read.
    fileprivate let tar: TarReader?

    /// Gives a file to the sink: by its digest if that is enough.
    func give(to sink: any RootSink) throws -> ContentID {
      if let content, let known = try telling({ try sink.file(content, size: entry.size) }) { return known }
      guard let tar else { throw Failure("the bytes of \(entry.name.printable) are needed, and were not read") }
      try telling { try sink.beginFile(size: entry.size, digest: content) }
      while try tar.withPiece({ piece in try telling { try sink.content(piece) } }) > 0 {}
      return try telling { try sink.endFile() }
    }
  }

  /// - Parameter isNeeded: whether the content of a file will be given; called with the numbers of entries.
  /// - Returns: whether that can be done without the layer's bytes.
  func areKnown(to sink: any RootSink, where isNeeded: (TarEntry, Int) -> Bool) -> Bool {
    guard let index else { return false }
    for (ordinal, item) in index.entries.enumerated() where item.entry.kind == .file {
      guard isNeeded(item.entry, ordinal) else { continue }
      guard let content = item.content, sink.knows(content, size: item.entry.size) else { return false }
    }
    return true
  }

  /// Calls `body` with each entry; the bytes are verified when the last one came.
  /// - Parameter withoutBytes: only the index is read.
  func forEach(withoutBytes: Bool, _ body: (Item) throws -> Void) throws {
    do {
      if withoutBytes, let index { try read(index, body) } else { try readBytes(body) }
    } catch let refusal as Refusal {
      throw refusal.error
    }
  }

  private func read(_ index: LayerIndex, _ body: (Item) throws -> Void) throws {
    for (entry, content) in index.entries {
      do {
        try body(Item(entry: entry, content: content, tar: nil))
      } catch let fault as RootMerge.Fault {
        let path = String(decoding: entry.path.prefix(300), as: UTF8.self).printable
        throw Failure("\(layer.name), entry `\(path)`: \(fault.message)", help: fault.help)
      }
    }
  }

  private func readBytes(_ body: (Item) throws -> Void) throws {
    let stream = try LayerStream(layer, limit: limits.layer)
    let tar = TarReader(BufferedReader(stream), name: layer.name, holes: limits.holes)
    var known = index?.entries
    do {
      while let entry = try tar.next() {
        let noted = known?.next()
        // An index that says otherwise is of no use; that of the right one is proven when the bytes are.
        if let noted, noted.entry.path != entry.path || noted.entry.size != entry.size { known = nil }
        try body(Item(entry: entry, content: known == nil ? nil : noted?.content, tar: tar))
      }
    } catch let refusal as Refusal {
      throw refusal
    } catch let fault as RootMerge.Fault {
      throw stream.explanation(of: tar.fault(fault.message, help: fault.help))
    } catch {
      throw stream.explanation(of: error)
    }
    try stream.finish()
  }
}

/// What a sink throws: no fault of a layer.
private struct Refusal: Error { var error: any Error }

func telling<Value>(_ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch {
    throw Refusal(error: error)
  }
}
