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
    var next = 0
    // Every link on the way resolves, so this ends; the limit is for links that change meanwhile.
    while next < all.count, all.count < selectors.count + 1_000 {
      if let behind = behind(all[next]), known.insert(behind).inserted { all.append(behind) }
      next += 1
    }
    return all
  }

  /// What a link of the context leads to in one step, relative to the root; nil when it leaves the context or leads
  /// nowhere.
  func target(of path: FilePath) -> FilePath? {
    guard let real = try? files.resolved(root / path), let inside = real.relative(to: realRoot),
      let target = try? files.target(ofLink: root / path)
    else { return nil }
    // One link at a time: those between must be seen as well. One that goes out and comes back is taken at its end.
    return ((realRoot / path).parent / target).normalized.relative(to: realRoot) ?? inside
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
      return joined.text.map {
        ContextSelector(pattern: $0, isPattern: selector.isPattern, excludes: selector.excludes)
      }
    }
    return nil
  }

  private static func escaped(_ name: [UInt8]) -> [UInt8] {
    name.flatMap { "*?[\\".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
  }
}
