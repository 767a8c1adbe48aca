import ImageModel
import SquashFS

/// A tree in memory: what an image is made of, and what must come out of it.
struct ModelTree {
  enum Kind: Hashable {
    case directory
    case file([UInt8])
    case link([UInt8])
    case block(UInt32, UInt32)
    case character(UInt32, UInt32)
    case fifo, socket
  }

  struct Node {
    var kind: Kind
    var attributes: SquashfsTree.Attributes
  }

  /// The first is the root.
  var nodes: [Node]
  /// Directory, name, node; a directory before what it holds.
  var entries: [(parent: Int, name: [UInt8], node: Int)] = []

  init(_ root: SquashfsTree.Attributes = .init(mode: 0o755)) { nodes = [Node(kind: .directory, attributes: root)] }

  @discardableResult
  mutating func add(
    _ name: some Collection<UInt8>, _ kind: Kind, _ attributes: SquashfsTree.Attributes = .init(mode: 0o644),
    in parent: Int = 0
  ) -> Int {
    nodes.append(Node(kind: kind, attributes: attributes))
    entries.append((parent, Array(name), nodes.count - 1))
    return nodes.count - 1
  }

  mutating func link(_ name: some Collection<UInt8>, to node: Int, in parent: Int = 0) {
    entries.append((parent, Array(name), node))
  }

  /// - Parameter between: called before each file, to let others pass.
  func write(
    to sink: MemorySink, _ options: SquashfsWriter.Options, between: (SquashfsWriter, Int) throws -> Void = { _, _ in }
  ) throws -> SquashfsWriter.Report {
    let writer = try SquashfsWriter(to: sink, options: options)
    var contents: [Int: SquashfsWriter.ContentID] = [:]
    for (index, node) in nodes.enumerated() {
      guard case .file(let bytes) = node.kind else { continue }
      try between(writer, index)
      contents[index] = try writer.add(bytes)
    }
    var tree = SquashfsTree(root: nodes[0].attributes)
    var ids = [0: SquashfsTree.root]
    for (parent, name, node) in entries {
      let directory = ids[parent] ?? SquashfsTree.root
      if let known = ids[node] {
        try tree.link(known, named: name, in: directory)
      } else {
        ids[node] = try tree.add(
          nodes[node].kind.inTree(contents[node]), nodes[node].attributes, named: name, in: directory)
      }
    }
    return try writer.finish(tree)
  }

  /// One line for each name, as every way to look at a tree can give it.
  var lines: [String] {
    var paths: [Int: [UInt8]] = [0: []]
    var listed: [(path: [UInt8], node: Int)] = [([], 0)]
    for (parent, name, node) in entries {
      let above = paths[parent] ?? []
      let path = above.isEmpty ? name : above + Array("/".utf8) + name
      if case .directory = nodes[node].kind { paths[node] = path }
      listed.append((path, node))
    }
    let names = Dictionary(grouping: listed, by: \.node)
    return listed.map { path, index in
      let node = nodes[index]
      var count = names[index, default: []].count
      if node.kind == .directory {
        count = 2 + entries.count { $0.parent == index && nodes[$0.node].kind == .directory }
      }
      return TreeLine(
        path: path, kind: node.kind, attributes: node.attributes, linkCount: count,
        firstName: names[index, default: []].map(\.path).min { $0.lexicographicallyPrecedes($1) } ?? []
      ).description
    }.sorted()
  }
}

struct TreeLine: CustomStringConvertible {
  var path: [UInt8]
  var kind: ModelTree.Kind
  var attributes: SquashfsTree.Attributes
  var linkCount: Int
  /// Of all names of this inode.
  var firstName: [UInt8]

  var description: String {
    let what =
      switch kind {
      case .directory: "d"
      case .file(let bytes): "f \(bytes.count) \(Digest.sha256(bytes).hex)"
      case .link(let target): "l \(hex(target))"
      case .block(let major, let minor): "b \(major) \(minor)"
      case .character(let major, let minor): "c \(major) \(minor)"
      case .fifo: "p"
      case .socket: "s"
      }
    let attributes = self.attributes.extended.map { "\(hex($0.name))=\(hex($0.value))" }.sorted().joined(separator: ",")
    // The mode of a link means nothing, and systems show what they like.
    let mode = if case .link = kind { "-" } else { String(self.attributes.mode, radix: 8) }
    return "/\(hex(path)) \(mode) \(self.attributes.uid) \(self.attributes.gid) \(self.attributes.modified)"
      + " \(linkCount) \(kind == .directory ? "" : hex(firstName)) [\(attributes)] \(what)"
  }
}

func hex(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(unsafeUninitializedCapacity: 2 * bytes.count) { buffer in
    for (index, byte) in bytes.enumerated() {
      (buffer[2 * index], buffer[2 * index + 1]) = (digits[Int(byte >> 4)], digits[Int(byte & 15)])
    }
    return 2 * bytes.count
  }
}

extension ModelTree.Kind {
  func inTree(_ content: SquashfsWriter.ContentID?) throws -> SquashfsTree.Kind {
    switch self {
    case .directory: return .directory
    case .file:
      guard let content else { throw Failure("the file has no content") }
      return .file(content)
    case .link(let target): return .symbolicLink(target)
    case .block(let major, let minor): return .blockDevice(major: major, minor: minor)
    case .character(let major, let minor): return .characterDevice(major: major, minor: minor)
    case .fifo: return .fifo
    case .socket: return .socket
    }
  }
}

extension SquashfsWriter {
  func add(
    _ bytes: [UInt8], pieces: Int = 100_000, digest: Digest? = nil, note: UInt8 = 0
  ) throws -> ContentID {
    beginFile(size: bytes.count, digest: digest)
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      try bytes[start..<min(bytes.count, start + pieces)].withUnsafeBytes { try content($0) }
    }
    return try endFile(note: note)
  }
}

extension SquashfsReader {
  /// As `ModelTree.lines`.
  func lines() throws -> [String] {
    var lines: [(number: UInt32, TreeLine)] = []
    var firstNames: [UInt32: [UInt8]] = [:]
    try forEachEntry { entry in
      let inode = entry.inode
      let kind: ModelTree.Kind
      switch inode.kind {
      case .directory: kind = .directory
      case .file(let file):
        var bytes: [UInt8] = []
        try forEachPiece(of: file) { bytes.append(contentsOf: $0) }
        kind = .file(bytes)
      case .symbolicLink(let target): kind = .link(target)
      case .blockDevice(let major, let minor): kind = .block(major, minor)
      case .characterDevice(let major, let minor): kind = .character(major, minor)
      case .fifo: kind = .fifo
      case .socket: kind = .socket
      }
      let attributes = SquashfsTree.Attributes(
        mode: inode.mode, uid: inode.uid, gid: inode.gid, modified: Int(inode.modified),
        extended: try attributes(of: inode))
      if firstNames[inode.number].map({ entry.path.lexicographicallyPrecedes($0) }) ?? true {
        firstNames[inode.number] = entry.path
      }
      lines.append(
        (
          inode.number,
          TreeLine(
            path: entry.path, kind: kind, attributes: attributes, linkCount: Int(inode.linkCount), firstName: [])
        ))
    }
    return lines.map { number, line in
      var line = line
      line.firstName = firstNames[number] ?? []
      return line.description
    }.sorted()
  }
}
