internal import ImageModel

/// The entries of a tree by directory, and there by the bytes of their names, as readers search them.
struct SortedEntries {
  /// Positions in the tree's entries, those of one directory side by side.
  private let order: [Int]
  /// Where the entries of each node begin in `order`; one more for the end.
  private let starts: [Int]

  /// - Throws: `Failure` when a directory has a name twice.
  init(of tree: SquashfsTree) throws {
    var starts = [Int](repeating: 0, count: tree.nodes.count + 1)
    for entry in tree.entries { starts[entry.parent + 1] += 1 }
    for node in tree.nodes.indices { starts[node + 1] += starts[node] }
    var next = starts
    // The first eight bytes of a name decide nearly always.
    var keyed = [(key: UInt64, entry: Int)](repeating: (0, 0), count: tree.entries.count)
    for (index, entry) in tree.entries.enumerated() {
      let key = tree.names[entry.name].prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
      keyed[next[entry.parent]] = (key << UInt64(8 * max(0, 8 - entry.name.count)), index)
      next[entry.parent] += 1
    }
    for node in tree.nodes.indices where starts[node + 1] - starts[node] > 1 {
      let range = starts[node]..<starts[node + 1]
      keyed[range].sort {
        $0.key != $1.key
          ? $0.key < $1.key
          : tree.names[tree.entries[$0.entry].name].lexicographicallyPrecedes(tree.names[tree.entries[$1.entry].name])
      }
      for index in range.dropFirst() where keyed[index].key == keyed[index - 1].key {
        let name = tree.names[tree.entries[keyed[index].entry].name]
        if name == tree.names[tree.entries[keyed[index - 1].entry].name] {
          throw Failure("a directory has the name \(String(decoding: name, as: UTF8.self).debugDescription) twice")
        }
      }
    }
    (order, self.starts) = (keyed.map(\.entry), starts)
  }

  /// Positions in the tree's entries, sorted by name.
  subscript(directory: Int) -> ArraySlice<Int> { order[starts[directory]..<starts[directory + 1]] }

  /// All directories below the root and it, each behind those that it holds.
  func directoriesInnermostFirst(of tree: SquashfsTree) -> [Int] {
    // Seen from the other end: each directory before those that it holds, the last name first. No recursion: a tree may
    // be as deep as it likes.
    var (found, open) = ([Int](), [0])
    while let directory = open.popLast() {
      found.append(directory)
      for entry in self[directory] {
        let node = tree.entries[entry].node
        if case .directory = tree.nodes[node].kind { open.append(node) }
      }
    }
    return found.reversed()
  }
}
