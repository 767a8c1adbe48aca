import ContentStore

/// A root file system made as one would by hand: the layers applied from the base up, on a dictionary.
///
/// Deliberately slow and plain, and of no code in common with `MergedRoot`.
struct ReferenceRoot {
  /// What names lead to.
  final class Node {
    var kind: Character
    var mode = 0o755
    var uid = 0
    var gid = 0
    var modified = 0
    var attributes: [[UInt8]: [UInt8]] = [:]
    var content: [UInt8] = []
    var link: [UInt8] = []
    var device = [0, 0]
    /// Whose entry gave the attributes; -1 when none did.
    var layer = -1

    init(_ kind: Character) { self.kind = kind }
  }

  typealias Path = [[UInt8]]

  private(set) var nodes: [Path: Node] = [[]: Node("5")]
  private var layer = -1
  /// What this layer has put in its place.
  private var own: Set<Path> = []

  /// - Parameter layers: the base first.
  init(_ layers: [[RootEntry]]) {
    for layer in layers { apply(layer) }
  }

  private mutating func apply(_ entries: [RootEntry]) {
    layer += 1
    own = []
    for entry in entries { apply(entry) }
    for path in nodes.keys where path.contains(where: { $0.starts(with: ".wh.".utf8) }) { nodes[path] = nil }
  }

  private mutating func apply(_ entry: RootEntry) {
    let path = Self.components(entry.path)
    let parent = Array(path.dropLast())
    if let name = path.last, name.starts(with: ".wh.".utf8) {
      if name == Array(".wh..wh..opq".utf8) { return removeLower(below: parent, alsoItself: false) }
      if !name.starts(with: ".wh..wh.".utf8) {
        return removeLower(below: parent + [Array(name.dropFirst(4))], alsoItself: true)
      }
    }
    let target = entry.type == "1" ? nodes[Self.components(entry.link)] : nil
    for count in 0..<path.count {
      let ancestor = Array(path[..<count])
      if nodes[ancestor]?.kind != "5" { nodes[ancestor] = Node("5") }
      own.insert(ancestor)
    }
    if entry.type == "1" {
      let node = target == nil || target?.kind == "5" ? Node("!") : target
      remove(path)
      nodes[path] = node
    } else if entry.type == "5", let node = nodes[path], node.kind == "5" {
      set(node, entry)
    } else {
      remove(path)
      let node = Node(entry.type)
      set(node, entry)
      nodes[path] = node
    }
    own.insert(path)
  }

  private func set(_ node: Node, _ entry: RootEntry) {
    (node.mode, node.uid, node.gid, node.modified) = (
      entry.type == "2" ? 0o777 : entry.mode, entry.uid, entry.gid, entry.modified
    )
    (node.attributes, node.content, node.link, node.device) = (
      entry.attributes, entry.content, entry.type == "2" ? entry.link : [], entry.device
    )
    node.layer = layer
  }

  private mutating func remove(_ path: Path) {
    for other in nodes.keys where other.starts(with: path) {
      nodes[other] = nil
      own.remove(other)
    }
  }

  /// What this layer has put there stays; a directory of it loses what only lower layers say of it.
  private mutating func removeLower(below path: Path, alsoItself: Bool) {
    guard path.isEmpty || nodes[Array(path.dropLast())]?.kind == "5" else { return }
    for other in nodes.keys where other.starts(with: path) && (alsoItself || other != path) {
      if !own.contains(other) {
        nodes[other] = nil
      } else if let node = nodes[other], node.kind == "5", node.layer < layer {
        nodes[other] = Node("5")
      }
    }
  }

  static func components(_ path: [UInt8]) -> Path {
    path.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != [UInt8(ascii: ".")] }
  }

  /// Whether it has a hard link to nothing.
  var isBroken: Bool { nodes.values.contains { $0.kind == "!" } }

  /// Everything there is to say about it, a line for each path.
  var lines: [String] {
    var paths: [ObjectIdentifier: [String]] = [:]
    for (path, node) in nodes { paths[ObjectIdentifier(node), default: []].append(text(path)) }
    return nodes.map { path, node in
      line(
        path: text(path), kind: "\(node.kind)", "\(node.device)", node.mode, node.uid, node.gid, node.modified,
        node.attributes, node.content + node.link, links: paths[ObjectIdentifier(node)] ?? [])
    }.sorted()
  }
}

func text(_ path: [[UInt8]]) -> String {
  path.isEmpty
    ? "/" : path.map { "/" + $0.map { $0 < 127 && $0 > 32 ? String(UnicodeScalar($0)) : "%\($0)" }.joined() }.joined()
}

func line(
  path: String, kind: String, _ device: String, _ mode: Int, _ uid: Int, _ gid: Int, _ modified: Int,
  _ attributes: [[UInt8]: [UInt8]], _ content: [UInt8], links: [String]
) -> String {
  let attributes = attributes.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { "\($0.key)=\($0.value)" }
  return "\(path) \(kind) \(device) \(String(mode, radix: 8)) \(uid):\(gid) \(modified) \(attributes) "
    + "\(content.count):\(content.prefix(40)) \(links.sorted())"
}
