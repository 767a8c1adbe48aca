/// What one layer says, its entries applied in the order of its archive.
struct LayerTree {
  enum State: UInt8 {
    /// Only the name of something in it, or of it in a marker, occurred.
    case mentioned
    /// A directory that no entry describes.
    case implied
    case directory
    /// What is not a directory.
    case leaf
  }

  struct Node {
    var state: State
    /// Whether what lower layers have under this path does not count: a whiteout, or an earlier entry that was no directory.
    var hidesLower = false
    /// Whether what lower layers have in this directory does not count.
    var isOpaque = false
    /// -1 for what no entry describes.
    var inode: Int32 = -1
  }

  private(set) var names = NameTree()
  private(set) var nodes = [Node(state: .mentioned)]

  enum Fault: Error { case rootIsNoDirectory }

  /// Parents that are missing, or not directories, become directories.
  mutating func add(_ path: EntryPath, isDirectory: Bool, inode: Int) throws(Fault) {
    guard path.count > 0 else {
      guard isDirectory else { throw .rootIsNoDirectory }
      nodes[0].state = .directory
      nodes[0].inode = Int32(inode)
      return
    }
    var parent = 0
    for index in 0..<path.count - 1 { parent = path.withName(index) { directory(parent, $0, .implied) } }
    path.withName(path.count - 1) { name in
      if isDirectory {
        let node = directory(parent, name, .directory)
        nodes[node].inode = Int32(inode)
      } else {
        let node = names.add(parent, name)
        nodes.append(Node(state: .leaf, inode: Int32(inode)))
        assert(node == nodes.count - 1)
      }
    }
  }

  private mutating func directory(_ parent: Int, _ name: UnsafeRawBufferPointer, _ state: State) -> Int {
    if let node = names.find(parent, name), nodes[node].state != .leaf {
      if nodes[node].state.rawValue < state.rawValue { nodes[node].state = state }
      return node
    }
    let replacesLeaf = names.find(parent, name) != nil
    nodes.append(Node(state: state, hidesLower: replacesLeaf))
    return names.add(parent, name)
  }

  /// A marker stands in the directory of which it speaks, or of whose child.
  mutating func add(_ marker: Marker, in path: EntryPath) {
    var node = 0
    for index in 0..<path.count - 1 {
      guard let next = path.withName(index, { mentioned(node, $0) }) else { return }
      node = next
    }
    switch marker {
    case .opaque: nodes[node].isOpaque = true
    case .whiteout(let name): if let child = mentioned(node, name) { nodes[child].hidesLower = true }
    case .other: break
    }
  }

  /// Nil below what is no directory: that hides lower layers itself.
  private mutating func mentioned(_ parent: Int, _ name: UnsafeRawBufferPointer) -> Int? {
    if let node = names.find(parent, name) { return nodes[node].state == .leaf ? nil : node }
    nodes.append(Node(state: .mentioned))
    return names.add(parent, name)
  }

  /// What a hard link to a path leads to.
  enum Target {
    case inode(Int)
    case directory
    /// Neither here nor, by what this layer says so far, in lower ones.
    case nothing
    /// Whatever lower layers have there.
    case lower
  }

  func target(_ path: EntryPath) -> Target {
    if path.count == 0 { return .directory }
    var (node, isHidden) = (0, false)
    for index in 0..<path.count {
      if nodes[node].state == .leaf { return .nothing }
      isHidden = isHidden || nodes[node].isOpaque || nodes[node].hidesLower
      guard let next = path.withName(index, { names.find(node, $0) }) else { return isHidden ? .nothing : .lower }
      node = next
    }
    switch nodes[node].state {
    case .leaf: return .inode(Int(nodes[node].inode))
    case .directory, .implied: return .directory
    case .mentioned: return isHidden || nodes[node].hidesLower ? .nothing : .lower
    }
  }
}
