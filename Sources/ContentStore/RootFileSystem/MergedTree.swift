/// The tree of all layers that were merged so far, the top one first, with what they hide of those below.
struct MergedTree {
  private enum State: UInt8 {
    /// Not in the tree, but in it stands what is, or what is hidden.
    case mentioned
    /// A directory whose attributes a lower layer may tell.
    case implied
    case directory
    case leaf
    /// A whiteout.
    case gone
  }

  private struct Node {
    var state: State
    /// Number of the layer that hides what lower ones have in it, counted from the top.
    var closedBy = Int32.max
    var inode: Int32 = -1
  }

  private var names = NameTree()
  private var nodes = [Node(state: .implied)]
  private var layers: Int32 = 0

  /// Whether a file that the next layer has there would not be seen.
  func hides(_ path: EntryPath) -> Bool {
    var node = 0
    for index in 0..<path.count {
      if nodes[node].closedBy < layers || nodes[node].state == .gone || nodes[node].state == .leaf { return true }
      guard let next = path.withName(index, { names.find(node, $0) }) else { return path.holdsMarker }
      node = next
    }
    return nodes[node].state != .mentioned || path.holdsMarker
  }

  /// Merges the next layer.
  /// - Parameter see: called with the inode of everything that is seen and no directory.
  mutating func merge(_ layer: LayerTree, _ see: (Int) -> Void) {
    var merged = [Int32](repeating: -1, count: layer.names.count)
    merged[0] = 0
    apply(layer.nodes[0], to: 0)
    for node in 1..<max(1, layer.names.count) {
      let parent = Int(merged[layer.names.parent(node)])
      guard parent >= 0, nodes[parent].closedBy >= layers, layer.names.isFound(node) else { continue }
      layer.names.withName(node) { name in
        if Marker.begins(name) { return }
        let place = names.find(parent, name) ?? add(parent, name)
        if apply(layer.nodes[node], to: place) { merged[node] = Int32(place) }
        if nodes[place].state == .leaf, nodes[place].inode == layer.nodes[node].inode { see(Int(nodes[place].inode)) }
      }
    }
    layers += 1
  }

  private mutating func add(_ parent: Int, _ name: UnsafeRawBufferPointer) -> Int {
    nodes.append(Node(state: .mentioned))
    return names.add(parent, name)
  }

  /// - Returns: whether what the layer has in it may be seen.
  @discardableResult private mutating func apply(_ lower: LayerTree.Node, to node: Int) -> Bool {
    switch nodes[node].state {
    case .gone, .leaf: return false
    case .implied, .directory:
      if lower.state == .leaf {
        close(node)
        return false
      }
      if lower.state == .directory, nodes[node].state == .implied {
        (nodes[node].state, nodes[node].inode) = (.directory, lower.inode)
      }
      if lower.hidesLower { close(node) }
    case .mentioned:
      switch lower.state {
      case .leaf:
        (nodes[node].state, nodes[node].inode) = (.leaf, lower.inode)
        return false
      case .directory: (nodes[node].state, nodes[node].inode) = (.directory, lower.inode)
      case .implied: nodes[node].state = .implied
      case .mentioned: break
      }
      if lower.hidesLower {
        if lower.state == .mentioned {
          nodes[node].state = .gone
          return false
        }
        close(node)
      }
    }
    if lower.isOpaque { nodes[node].closedBy = min(nodes[node].closedBy, layers) }
    return true
  }

  /// Nothing of lower layers counts for this directory, not even its attributes.
  private mutating func close(_ node: Int) {
    nodes[node].closedBy = min(nodes[node].closedBy, layers)
    if nodes[node].state == .implied { nodes[node].state = .directory }
  }

  /// All that is seen: directories before what is in them.
  /// - Parameters:
  ///   - directory: gives the number of a directory in `tree` for its inode, nil when none describes it.
  ///   - leaf: the same for everything else.
  func tree(directory: (Int?, inout RootTree) -> Int, leaf: (Int, inout RootTree) throws -> Int) rethrows -> RootTree {
    var tree = RootTree()
    var numbers = [Int](repeating: -1, count: nodes.count)
    for node in nodes.indices {
      let inode = Int(nodes[node].inode)
      switch nodes[node].state {
      case .mentioned, .gone: continue
      case .implied, .directory: numbers[node] = directory(inode < 0 ? nil : inode, &tree)
      case .leaf: numbers[node] = try leaf(inode, &tree)
      }
      if node > 0 {
        tree.add(
          RootTree.Entry(parent: numbers[names.parent(node)], name: names.name(node), inode: numbers[node]))
      }
    }
    return tree
  }
}
