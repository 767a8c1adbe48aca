internal import HostSystem
internal import ImageModel

extension GitFileSystem {
  /// What a path leads to, as the kernel finds it, and its path without links and dots.
  func find(
    _ operation: String, _ path: FilePath, followingLinks: Bool
  ) throws(FileSystemError) -> (place: FilePath, node: Node) {
    // A slash at the end asks for the directory that a link leads to.
    let isDirectory = path.bytes.last == UInt8(ascii: "/")
    let follows = followingLinks || isDirectory
    if !isDirectory, let entry = listed(path), !follows || entry.kind != .link { return (path, .git(entry)) }
    var (place, rest) = start(of: path)
    var linksLeft = 40
    var found = try node(place)
    while let component = rest.popLast() {
      guard let directory = found else { throw Self.error(operation, path, .notFound, "No such file or directory") }
      guard directory.isDirectory else { throw Self.error(operation, path, .notADirectory, "Not a directory") }
      if component == Array(".".utf8) { continue }
      // The place has no links: what is above it is above it.
      let next = component == Array("..".utf8) ? place.parent : place / FilePath(bytes: component)
      found = try node(next)
      if let link = found, !rest.isEmpty || follows, let target = try target(of: link, at: next) {
        if linksLeft == 0 { throw Self.error(operation, path, .tooManyLinks, "Too many levels of symbolic links") }
        linksLeft -= 1
        if target.isAbsolute { place = "/" }
        found = try node(place)
        rest += target.components.reversed()
        continue
      }
      place = next
    }
    guard let found else { throw Self.error(operation, path, .notFound, "No such file or directory") }
    if isDirectory && !found.isDirectory { throw Self.error(operation, path, .notADirectory, "Not a directory") }
    return (place, found)
  }

  func directory(_ operation: String, _ path: FilePath) throws(FileSystemError) -> FilePath {
    let (place, node) = try find(operation, path, followingLinks: true)
    guard node.isDirectory else { throw Self.error(operation, path, .notADirectory, "Not a directory") }
    return place
  }

  /// What a directory that was listed already has: such a directory is known by its path without links, so the way to
  /// it need not be gone again.
  private func listed(_ path: FilePath) -> GitEntry? {
    let (bytes, size) = (path.bytes, top.bytes.count)
    guard bytes.count > size + 1, bytes[size] == UInt8(ascii: "/"), bytes.starts(with: top.bytes) else { return nil }
    let inside = FilePath(bytes: bytes[(size + 1)...])
    guard let names = tree.listed(inside.parent), !asNow.contains(path) else { return nil }
    return names[inside.name]
  }

  /// The top has no links above it: the way there need not be looked at.
  private func start(of path: FilePath) -> (place: FilePath, rest: [[UInt8]]) {
    let (components, above) = (path.components, top.components)
    guard components.starts(with: above) else { return ("/", components.reversed()) }
    return (top, components.dropFirst(above.count).reversed())
  }

  /// Of a path without links; nil when there is nothing.
  private func node(_ place: FilePath) throws(FileSystemError) -> Node? {
    guard isGit(place) else { return try base.statusIfPresent(of: place).map(Node.real) }
    return try asked("stat", place) { () throws(Failure) in try tree.entry(at: inside(place)) }.map(Node.git)
  }

  /// Nil for what is no link.
  private func target(of node: Node, at place: FilePath) throws(FileSystemError) -> FilePath? {
    switch node {
    case .git(let entry): entry.kind == .link ? try target(of: entry, at: place) : nil
    case .real(let status): status.kind == .symbolicLink ? try base.target(ofLink: place) : nil
    }
  }
}

extension GitFileSystem.Node {
  fileprivate var isDirectory: Bool {
    switch self {
    case .git(let entry): entry.isDirectory
    case .real(let status): status.kind == .directory
    }
  }
}
