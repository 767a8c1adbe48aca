package import ImageModel

/// Which files of a context a build can see: what the ignore file leaves of what the instructions reach.
///
/// Paths are relative to the context's root, cleaned, byte for byte; the root itself is the empty path.
/// It sees only paths. A symlink on the way to a source (`COPY link/file`, `COPY link`, where `link` leads elsewhere in
/// the context) is followed by engines, so the caller must resolve the links in `literalSources` and below a wildcard's
/// match, and add what they lead to; links below a copied directory are copied as links.
package struct ContextFilter: Sendable {
  /// What to do with a directory.
  package enum Verdict: Sendable, Hashable {
    /// The build sees it; ask for each of its entries.
    case take
    /// The build sees it only if it sees something below.
    case descend
    case skip
  }

  private let ignore: IgnoreRules
  /// Nil for the whole context.
  private let selections: [Selection]?
  /// Names without wildcards that lead to every source: the source itself, or the directory above its first wildcard;
  /// `.` for the root.
  package let literalSources: [String]

  package init(ignore: IgnoreFile, reach: ContextReach) {
    self.ignore = IgnoreRules(ignore)
    switch reach {
    case .whole:
      selections = nil
      literalSources = ["."]
    case .selected(let selectors):
      let all = selectors.map(Selection.init)
      // One that takes everything makes the others needless.
      let isWhole = all.contains { $0.depth == 0 && $0.excludes.isEmpty }
      selections = isWhole ? nil : all
      literalSources = all.map(\.literalSource)
    }
  }

  /// Whether the build sees a file (or symlink, or anything that is no directory).
  package func verdict(forFile path: [UInt8]) -> Bool {
    if let selections, !selections.contains(where: { $0.reach(of: path) == .inside }) { return false }
    return ignore.isEmpty || !ignore.excludes(path)
  }

  package func verdict(forDirectory path: [UInt8]) -> Verdict {
    var verdict = Verdict.take
    if let selections {
      verdict = .skip
      for selection in selections {
        let reach = selection.reach(of: path)
        if reach == .inside {
          verdict = .take
          break
        }
        if reach == .above || reach == .excludedAbove { verdict = .descend }
      }
    }
    if verdict == .skip || ignore.isEmpty || path.isEmpty || !ignore.excludes(path) { return verdict }
    return ignore.mayHaveExceptions(below: path) ? .descend : .skip
  }

  /// Whether a build that takes a directory cannot see its permissions: it is itself a source, and lies in no other.
  package func takesOnlyContents(of path: [UInt8]) -> Bool {
    guard let selections, !keepsParent(path) else { return false }
    return selections.allSatisfy { $0.reach(of: path) != .inside || $0.isContentsOnly && $0.isSource(path) }
  }

  /// Whether a build that sees something below a directory sees its permissions with it (`COPY --parents`).
  package func keepsParent(_ path: [UInt8]) -> Bool {
    selections?.contains { $0.keepsParents && $0.reach(of: path) == .above } ?? false
  }

  /// Whether a path is itself a source, whoever else takes the directory around it.
  package func isSource(_ path: [UInt8]) -> Bool { selections?.contains { $0.isSource(path) } ?? false }

  /// What the sources mean that a link is, or that a wildcard may find behind it, with what it leads to in its place.
  ///
  /// Links that a source names on its way are left to the caller.
  /// - Parameter leadsToDirectory: whether anything can be found behind it.
  package func selectors(
    behindLink path: [UInt8], to target: () -> String?, leadsToDirectory: () -> Bool
  ) -> [ContextSelector] {
    var sources = (selections ?? []).compactMap { selection in selection.rest(behindLink: path).map { (selection, $0) }
    }
    if sources.contains(where: { !$0.1.isEmpty }), !leadsToDirectory() { sources.removeAll { !$0.1.isEmpty } }
    guard !sources.isEmpty, let target = target() else { return [] }
    return sources.map { $0.selector(behind: target, $1) }
  }

  /// The line of the ignore file that leaves a path out or takes it in again; nil where none matches.
  package func ignoreRule(deciding path: [UInt8]) -> IgnoreRule? { ignore.rule(deciding: path) }
}

/// A `ContextSelector` made ready.
private struct Selection: Sendable {
  enum Reach {
    case outside
    /// It is the source or lies in it.
    case inside
    /// A source may lie below it.
    case above
    /// `--exclude` leaves it out, but perhaps not all below it.
    case excludedAbove
  }

  private let selector: ContextSelector
  private let components: [GlobComponent]
  /// The whole source, when it has no wildcards.
  private let literal: [UInt8]?
  let excludes: IgnoreRules
  let isContentsOnly: Bool
  let keepsParents: Bool

  var depth: Int { components.count }

  init(_ selector: ContextSelector) {
    self.selector = selector
    excludes = IgnoreRules(patterns: selector.excludes)
    isContentsOnly = selector.isContentsOnly
    keepsParents = selector.keepsParents
    let parts = selector.pattern == "." ? [] : Array(selector.pattern.utf8).split(separator: Ascii.slash)
    components = parts.compactMap { part in
      // Engines refuse a malformed pattern; until then it is a name.
      GlobComponent(part, isPattern: selector.isPattern) ?? GlobComponent(part, isPattern: false)
    }
    let literals = components.compactMap(\.literal)
    literal = literals.count == components.count ? Array(literals.joined(separator: [Ascii.slash])) : nil
  }

  var literalSource: String {
    let names = components.prefix { $0.literal != nil }.compactMap(\.literal)
    return names.isEmpty ? "." : String(decoding: Array(names.joined(separator: [Ascii.slash])), as: UTF8.self)
  }

  func reach(of path: [UInt8]) -> Reach {
    guard let end = literal.map({ Self.match($0, path) }) ?? match(path) else { return .outside }
    if end < 0 { return .above }
    if excludes.isEmpty || end >= path.count { return .inside }
    let rest = Array(path[(end == 0 ? 0 : end + 1)...])
    guard excludes.excludes(rest) else { return .inside }
    return excludes.mayHaveExceptions(below: rest) ? .excludedAbove : .outside
  }

  func isSource(_ path: [UInt8]) -> Bool { (literal.map { Self.match($0, path) } ?? match(path)) == path.count }

  /// What of the source is looked up behind a link: nothing where it is the link; nil where it does not lead there by a
  /// wildcard.
  func rest(behindLink path: [UInt8]) -> [[UInt8]]? {
    if isSource(path) { return [] }
    let depth = path.split(separator: Ascii.slash).count
    guard reach(of: path) == .above, components.prefix(depth).contains(where: { $0.literal == nil }) else { return nil }
    return selector.pattern.utf8.split(separator: Ascii.slash).dropFirst(depth).map(Array.init)
  }

  func selector(behind target: String, _ rest: [[UInt8]]) -> ContextSelector {
    var behind = selector
    behind.keepsParents = false
    behind.isPattern = !rest.isEmpty
    let name = rest.isEmpty ? Array(target.utf8) : target.utf8.flatMap(Self.escaped)
    let parts = (name.isEmpty ? [] : [name]) + rest
    behind.pattern =
      parts.isEmpty ? "." : String(decoding: Array(parts.joined(separator: [Ascii.slash])), as: UTF8.self)
    return behind
  }

  private static func escaped(_ byte: UInt8) -> [UInt8] {
    "*?[\\".utf8.contains(byte) ? [Ascii.backslash, byte] : [byte]
  }

  /// Where the source ends in the path; -1 when the path lies above the source; nil when neither.
  private static func match(_ source: [UInt8], _ path: [UInt8]) -> Int? {
    let shared = min(source.count, path.count)
    for index in 0..<shared where source[index] != path[index] { return nil }
    if path.count < source.count { return path.isEmpty || source[path.count] == Ascii.slash ? -1 : nil }
    return source.isEmpty || path.count == source.count || path[source.count] == Ascii.slash ? source.count : nil
  }

  private func match(_ path: [UInt8]) -> Int? {
    var start = 0
    for component in components {
      if start >= path.count { return -1 }
      let end = path[start...].firstIndex(of: Ascii.slash) ?? path.count
      guard component.matches(path, start, end) else { return nil }
      start = end + 1
    }
    return max(0, start - 1)
  }
}
