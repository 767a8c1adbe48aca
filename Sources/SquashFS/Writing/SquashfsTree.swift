internal import ImageModel

/// An extended attribute of a file: its whole name, as `security.capability`, and its value.
package struct ExtendedAttribute: Hashable, Sendable {
  package var name: [UInt8]
  package var value: [UInt8]

  package init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// What is to be written: inodes, and the names under which they lie in directories.
package struct SquashfsTree: Sendable {
  package enum Kind: Hashable, Sendable {
    case directory
    case file(SquashfsWriter.ContentID)
    case symbolicLink([UInt8])
    case blockDevice(major: UInt32, minor: UInt32)
    case characterDevice(major: UInt32, minor: UInt32)
    case fifo, socket
  }

  package struct Attributes: Sendable {
    /// Permission bits, 0o7777.
    package var mode: UInt16
    package var uid: UInt32
    package var gid: UInt32
    /// Seconds since 1970.
    package var modified: Int
    package var extended: [ExtendedAttribute]

    package init(
      mode: UInt16, uid: UInt32 = 0, gid: UInt32 = 0, modified: Int = 0, extended: [ExtendedAttribute] = []
    ) {
      self.mode = mode
      self.uid = uid
      self.gid = gid
      self.modified = modified
      self.extended = extended
    }
  }

  package struct NodeID: Hashable, Sendable { let index: Int }

  struct Node {
    let kind: Kind
    let mode: UInt16
    let uid: UInt32
    let gid: UInt32
    let modified: Int
    /// Number in `attributeSets`.
    let attributeSet: Int?
  }

  /// A name in a directory.
  struct Entry {
    let parent: Int
    let node: Int
    let name: Range<Int>
  }

  package static let root = NodeID(index: 0)

  private(set) var nodes: [Node] = []
  private(set) var entries: [Entry] = []
  /// All names, one behind the other: an array for each would cost more than the rest.
  private(set) var names: [UInt8] = []
  /// Each sorted by name.
  private(set) var attributeSets: [[ExtendedAttribute]] = []
  private var attributeSetNumbers: [[ExtendedAttribute]: Int] = [:]

  package init(root: Attributes) { _ = append(.directory, root) }

  /// - Throws: `Failure` when no file system takes the name, or the format not the node.
  @discardableResult
  package mutating func add(
    _ kind: Kind, _ attributes: Attributes, named name: some Collection<UInt8>, in directory: NodeID = root
  ) throws -> NodeID {
    try check(kind, name)
    try insert(name, in: directory, node: nodes.count)
    return append(kind, attributes)
  }

  /// Another name for a node.
  package mutating func link(_ node: NodeID, named name: some Collection<UInt8>, in directory: NodeID) throws {
    if case .directory = nodes[node.index].kind {
      throw Failure("a directory cannot have a second name: \(text(name))")
    }
    try insert(name, in: directory, node: node.index)
  }

  private mutating func append(_ kind: Kind, _ attributes: Attributes) -> NodeID {
    nodes.append(
      Node(
        kind: kind, mode: attributes.mode & 0o7777, uid: attributes.uid, gid: attributes.gid,
        modified: attributes.modified, attributeSet: attributeSet(attributes.extended)))
    return NodeID(index: nodes.count - 1)
  }

  private mutating func insert(_ name: some Collection<UInt8>, in directory: NodeID, node: Int) throws {
    guard case .directory = nodes[directory.index].kind else {
      throw Failure("\(text(name)) would lie in what is no directory")
    }
    let start = names.count
    names.append(contentsOf: name)
    // Looked at here: the bytes of a slice cost no calls.
    let (own, dot) = (names[start...], UInt8(ascii: "."))
    guard 1...SquashfsFormat.longestName ~= own.count, !own.contains(0), !own.contains(UInt8(ascii: "/")),
      own.count > 2 || own.contains(where: { $0 != dot })
    else {
      names.removeSubrange(start...)
      throw Failure("no file can have the name \(text(name))")
    }
    entries.append(Entry(parent: directory.index, node: node, name: start..<names.count))
  }

  private func check(_ kind: Kind, _ name: some Collection<UInt8>) throws {
    switch kind {
    case .symbolicLink(let target):
      guard 1...65535 ~= target.count else {
        throw Failure("the link \(text(name)) has a target of \(target.count) bytes; 65535 are the most")
      }
    case .blockDevice(let major, let minor), .characterDevice(let major, let minor):
      guard major < 1 << 12, minor < 1 << 20 else {
        throw Failure("the device \(text(name)) has numbers that squashfs cannot hold: \(major), \(minor)")
      }
    case .directory, .file, .fifo, .socket: break
    }
  }

  /// Equal sets have one number.
  private mutating func attributeSet(_ attributes: [ExtendedAttribute]) -> Int? {
    if attributes.isEmpty { return nil }
    // Of two with one name the later counts.
    let last = Dictionary(attributes.map { ($0.name, $0.value) }) { _, later in later }
    let set = last.map(ExtendedAttribute.init).sorted { $0.name.lexicographicallyPrecedes($1.name) }
    if let number = attributeSetNumbers[set] { return number }
    attributeSetNumbers[set] = attributeSets.count
    attributeSets.append(set)
    return attributeSets.count - 1
  }

  private func text(_ name: some Collection<UInt8>) -> String {
    String(decoding: name, as: UTF8.self).debugDescription
  }
}
