internal import ImageModel

/// How the sources of one COPY or ADD select files of the context.
struct CopySources {
  private let excludes: [String]
  private let keepsParents: Bool

  init(_ text: InstructionText) {
    keepsParents = text.isSet("parents")
    // With --parents the patterns are relative to another directory than the source, and not every engine expands
    // variables in them; leaving them out only adds files.
    let written = text.flags.filter { $0.name == "exclude" }.compactMap { $0.value?.text }
    excludes = keepsParents ? [] : written.filter { !$0.contains("$") }
  }

  func selectors(for source: String) -> [ContextSelector] {
    var path = Self.cleaned(source)
    if keepsParents {
      // Only here `**` crosses directories: take all below what stands before it.
      let components = path.split(separator: "/")
      if let wide = components.firstIndex(where: { $0.contains("**") }) {
        path = wide == 0 ? "." : components[..<wide].joined(separator: "/")
      }
    }
    let isPattern = Self.hasWildcards(path)
    var selector = ContextSelector(
      pattern: path, isPattern: isPattern, excludes: excludes, isContentsOnly: !keepsParents)
    var selectors = [selector]
    // BuildKit takes a backslash of a name without wildcards as it is, buildah as an escape.
    if !isPattern, path.contains("\\") {
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
    for component in path.split(separator: "/") where component != "." {
      if component == ".." { _ = kept.popLast() } else { kept.append(component) }
    }
    return kept.isEmpty ? "." : kept.joined(separator: "/")
  }
}

/// A source of ADD that does not lie in the context.
enum RemoteSource {
  case web
  case git

  init?(_ source: String) {
    let isWeb = source.hasPrefix("http://") || source.hasPrefix("https://")
    if isWeb {
      let path = source.prefix { $0 != "#" && $0 != "?" }
      self = path.hasSuffix(".git") ? .git : .web
    } else if source.hasPrefix("git://") || source.hasPrefix("ssh://") || Self.isSecureCopyAddress(source) {
      self = .git
    } else {
      return nil
    }
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
