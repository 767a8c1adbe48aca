/// Names below names: a number for each path, found by the number of its directory and its name.
///
/// Names lie one behind the other, and nothing is allocated for one.
struct NameTree {
  private struct Node {
    let parent: Int32
    let count: Int32
    let start: Int
    let hash: Int
  }

  private var nodes: [Node]
  private var names: [UInt8] = []
  /// Numbers by hash, -1 where there is none; at most half of it is filled.
  private var table: [Int32]

  /// The root has number 0.
  init() {
    nodes = [Node(parent: -1, count: 0, start: 0, hash: 0)]
    table = Array(repeating: -1, count: 1024)
  }

  var count: Int { nodes.count }
  var nameBytes: Int { names.count }

  func parent(_ node: Int) -> Int { Int(nodes[node].parent) }

  func name(_ node: Int) -> [UInt8] { Array(slice(node)) }

  private func slice(_ node: Int) -> ArraySlice<UInt8> {
    names[nodes[node].start..<nodes[node].start + Int(nodes[node].count)]
  }

  /// Calls `body` with the bytes of the name.
  func withName<Result>(_ node: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try slice(node).withUnsafeBytes(body)
  }

  /// The last one that was added under this name.
  func find(_ parent: Int, _ name: UnsafeRawBufferPointer) -> Int? {
    let place = place(parent, name, Self.hash(parent, name))
    return table[place] < 0 ? nil : Int(table[place])
  }

  /// Another one under the same name, with all below it, can no longer be found.
  mutating func add(_ parent: Int, _ name: UnsafeRawBufferPointer) -> Int {
    if nodes.count * 2 >= table.count { grow() }
    let hash = Self.hash(parent, name)
    table[place(parent, name, hash)] = Int32(nodes.count)
    nodes.append(Node(parent: Int32(parent), count: Int32(name.count), start: names.count, hash: hash))
    names.append(contentsOf: name)
    return nodes.count - 1
  }

  /// Whether `find` gives this number for its directory and name.
  func isFound(_ node: Int) -> Bool {
    if node == 0 { return true }
    return withName(node) { table[place(Int(nodes[node].parent), $0, nodes[node].hash)] == Int32(node) }
  }

  /// Where it stands in the table, or would.
  private func place(_ parent: Int, _ name: UnsafeRawBufferPointer, _ hash: Int) -> Int {
    var place = hash & (table.count - 1)
    while table[place] >= 0 {
      let node = nodes[Int(table[place])]
      if node.hash == hash, Int(node.parent) == parent, Int(node.count) == name.count,
        names.withUnsafeBytes({
          UnsafeRawBufferPointer(rebasing: $0[node.start..<node.start + name.count]).elementsEqual(name)
        })
      {
        break
      }
      place = (place + 1) & (table.count - 1)
    }
    return place
  }

  /// With the seed of the process: nobody can choose names that collide.
  private static func hash(_ parent: Int, _ name: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(parent)
    hasher.combine(bytes: name)
    return hasher.finalize()
  }

  private mutating func grow() {
    let kept = table.filter { $0 >= 0 }
    table = Array(repeating: -1, count: table.count * 2)
    for number in kept {
      var place = nodes[Int(number)].hash & (table.count - 1)
      while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
      table[place] = number
    }
  }
}
