internal import HostSystem
internal import ImageModel

/// Follows the links on the way to sources, as engines do: `COPY a/b/c` where `a` leads elsewhere in the context.
struct LeadingLinks {
  let files: any FileSystem
  let root: FilePath
  let realRoot: FilePath
  /// The links themselves, relative to the root: without them a build does not find the source.
  private(set) var paths = Set<[UInt8]>()

  init(files: any FileSystem, root: FilePath, realRoot: FilePath) {
    (self.files, self.root, self.realRoot) = (files, root, realRoot)
  }

  /// The selectors, and what each means behind the links on its way.
  mutating func follow(_ selectors: [ContextSelector]) -> [ContextSelector] {
    var all = selectors
    var known = Set(selectors)
    for selector in selectors {
      var last = selector
      // Links may lead in a circle; engines and systems give up as early.
      for _ in 0..<40 {
        guard let behind = behind(last), known.insert(behind).inserted else { break }
        all.append(behind)
        last = behind
      }
    }
    return all
  }

  /// What stands in for a link that leaves the context by a relative target, as the predecessor copied it; nil for
  /// one that stays a link. An absolute target is a path of the image, whatever lies there on this machine.
  func replacement(ofLink place: FilePath, to target: FilePath) -> FilePath? {
    guard !target.isAbsolute, let parent = try? files.resolved(place.parent),
      !(parent / target).normalized.isBelow(realRoot), let real = try? files.resolved(place), !real.isBelow(realRoot)
    else { return nil }
    return real
  }

  /// What a link that stays one leads to in one step, relative to the root; nil when something stands in for it.
  ///
  /// Engines see the context as the root of all paths: nothing lies above it.
  func target(of path: FilePath) -> FilePath? {
    let place = root / path
    guard let target = try? files.target(ofLink: place), replacement(ofLink: place, to: target) == nil else {
      return nil
    }
    if target.isAbsolute { return Self.clamped(target.components) }
    // One link at a time: those between must be seen as well. One that goes out and comes back is taken at its end.
    return ((realRoot / path).parent / target).normalized.relative(to: realRoot)
      ?? (try? files.resolved(place))?.relative(to: realRoot)
      ?? Self.clamped(path.components.dropLast() + target.components)
  }

  /// Whether a link leads to a directory of the context, through whatever other links: an absolute one on the way leads
  /// elsewhere than on this machine.
  func leadToDirectory(_ link: FilePath) -> Bool {
    var path = link
    for _ in 0..<40 {
      guard let target = target(of: path) else {
        return (try? files.status(of: root / path, followingLinks: true))?.kind == .directory
      }
      // What no selector can name may be anything.
      guard let text = target.text else { return true }
      var links = self
      path = FilePath(links.follow([ContextSelector(pattern: text)]).last?.pattern ?? text)
      guard let status = try? files.statusIfPresent(of: root / path) else { return false }
      if status.kind != .symbolicLink { return status.kind == .directory }
    }
    return false
  }

  private static func clamped(_ components: [[UInt8]]) -> FilePath {
    var kept: [[UInt8]] = []
    for component in components where component != Array(".".utf8) {
      if component == Array("..".utf8) { _ = kept.popLast() } else { kept.append(component) }
    }
    return FilePath(bytes: Array(kept.joined(separator: [UInt8(ascii: "/")])))
  }

  private mutating func behind(_ selector: ContextSelector) -> ContextSelector? {
    let parts = FilePath(selector.pattern).components
    var path = FilePath(bytes: [])
    for (index, part) in parts.enumerated().dropLast() {
      if selector.isPattern, part.contains(where: "*?[\\".utf8.contains) { return nil }
      path = path / FilePath(bytes: part)
      guard let status = try? files.statusIfPresent(of: root / path), status.kind == .symbolicLink else { continue }
      guard let target = target(of: path) else { return nil }
      paths.insert(path.bytes)
      let front = target.components.map { selector.isPattern ? Self.escaped($0) : $0 }
      let joined = FilePath(bytes: Array((front + parts[(index + 1)...]).joined(separator: [UInt8(ascii: "/")])))
      guard let text = joined.text else { return nil }
      var behind = selector
      behind.pattern = text.isEmpty ? "." : text
      return behind
    }
    return nil
  }

  private static func escaped(_ name: [UInt8]) -> [UInt8] {
    name.flatMap { "*?[\\".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
  }
}
