internal import ImageModel

/// How the sources of one COPY or ADD select files of the context.
struct CopySources {
  private let excludes: [String]
  private let keepsParents: Bool
  /// Whether ADD compares what it gets with a digest.
  let areChecked: Bool

  /// `count` is that of the sources, each of which is kept with all that it excludes.
  init(_ text: InstructionText, count: Int, budget: ReadingBudget) {
    keepsParents = text.isSet("parents")
    areChecked = text.flag("checksum")?.value?.isEmpty == false
    // With --parents the patterns are relative to another directory than the source; some engines expand what stands
    // in them, and BuildKit reads them byte by byte. Leaving them out only adds files.
    let written = text.flags.filter { $0.name == "exclude" }.compactMap { $0.value?.text }
    let isKept = !keepsParents && budget.spend(written.count * count)
    excludes = isKept ? written.filter { $0.utf8.allSatisfy { $0 < 0x80 && !"$\\'\"".utf8.contains($0) } } : []
  }

  func selectors(for source: String) -> [ContextSelector] {
    var path = Self.cleaned(source)
    if keepsParents {
      // Only here `**` crosses directories, and BuildKit makes a regular expression of a pattern: take all below.
      let components = Self.components(of: path)
      let isWide = { (component: Substring) in component.contains("**") || component.contains(where: "+|(){}!".contains)
      }
      if Self.hasWildcards(path), let wide = components.firstIndex(where: isWide) {
        path = wide == 0 ? "." : components[..<wide].joined(separator: "/")
      }
    }
    let isPattern = Self.hasWildcards(path)
    var selector = ContextSelector(
      pattern: path, isPattern: isPattern, excludes: excludes, isContentsOnly: !keepsParents, keepsParents: keepsParents
    )
    var selectors = [selector]
    // BuildKit takes a backslash of a name without wildcards as it is, buildah as an escape.
    if !isPattern, path.utf8.contains(Ascii.backslash) {
      selector.isPattern = true
      selectors.append(selector)
    }
    return selectors
  }

  private static func hasWildcards(_ path: String) -> Bool {
    var isEscaped = false
    for byte in path.utf8 {
      if isEscaped {
        isEscaped = false
      } else if byte == Ascii.backslash {
        isEscaped = true
      } else if byte == Ascii.star || byte == Ascii.question || byte == Ascii.open {
        return true
      }
    }
    return false
  }

  /// Relative to the context's root, without `.`, `..` and repeated slashes; `.` for the root itself.
  static func cleaned(_ path: String) -> String {
    var kept: [Substring] = []
    for component in components(of: path) where component != "." {
      if component == ".." { _ = kept.popLast() } else { kept.append(component) }
    }
    return kept.isEmpty ? "." : kept.joined(separator: "/")
  }

  /// By bytes: a slash and the accent behind it would be one character.
  private static func components(of path: String) -> [Substring] {
    path.utf8.split(separator: Ascii.slash).map { Substring($0) }
  }
}

/// A source of ADD that does not lie in the context.
enum RemoteSource {
  case web
  case git
  /// `USER@HOST:PATH`, a repository to new engines' ADD, and a file's name to all others.
  case gitOrFile

  init?(_ source: String) {
    let isWeb = source.hasPrefix("http://") || source.hasPrefix("https://")
    if isWeb {
      let path = source.prefix { $0 != "#" && $0 != "?" }
      self = path.hasSuffix(".git") ? .git : .web
    } else if source.hasPrefix("git://") || source.hasPrefix("ssh://") {
      self = .git
    } else if Self.isSecureCopyAddress(source) {
      self = .gitOrFile
    } else {
      return nil
    }
  }

  /// Whether a git address ends in `#COMMIT`, perhaps with a directory behind it.
  static func namesCommit(_ address: String) -> Bool {
    guard let hash = address.utf8.firstIndex(of: Ascii.hash) else { return false }
    let revision = address.utf8[address.utf8.index(after: hash)...].prefix { $0 != UInt8(ascii: ":") }
    let isHexadecimal = revision.allSatisfy { Ascii.isDigit($0) || (0x61...0x66).contains($0 | 0x20) }
    return isHexadecimal && (revision.count == 40 || revision.count == 64)
  }

  /// `USER@HOST:PATH`.
  private static func isSecureCopyAddress(_ source: String) -> Bool {
    guard let at = source.utf8.firstIndex(of: UInt8(ascii: "@")) else { return false }
    let host = source[source.utf8.index(after: at)...].utf8.prefix { $0 != UInt8(ascii: ":") }
    let isPart = { (byte: UInt8) in Ascii.isLetter(byte) || Ascii.isDigit(byte) || byte == Ascii.dash }
    return at != source.startIndex && !host.isEmpty && host.endIndex != source.endIndex
      && source[..<at].utf8.allSatisfy { isPart($0) || $0 == UInt8(ascii: "_") }
      && host.allSatisfy { isPart($0) || $0 == Ascii.dot }
  }
}
