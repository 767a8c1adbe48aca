package import ImageModel

/// An ignore file made ready: which paths of a context Docker leaves out.
///
/// The last pattern that matches a path, or a directory above it, decides. The Dockerfile and the ignore file can be
/// left out like any file; engines get the Dockerfile all the same.
/// Source: moby/patternmatcher, `MatchesOrParentMatches`.
package struct IgnoreRules: Sendable {
  private let patterns: [IgnorePattern]
  let hasExceptions: Bool

  /// Lines that are no patterns are passed over; `IgnoreReader` tells of them.
  package init(_ file: IgnoreFile) { self.init(patterns: file.patterns) }

  init(patterns lines: [String]) {
    patterns = lines.compactMap { line in (try? IgnorePattern(line: line)) ?? nil }
    hasExceptions = patterns.contains(where: \.isException)
  }

  var isEmpty: Bool { patterns.isEmpty }

  /// Whether the path, relative to the context's root, is left out.
  package func excludes(_ path: String) -> Bool { excludes(Array(path.utf8)) }

  package func excludes(_ path: [UInt8]) -> Bool { decision(on: path).map { !patterns[$0].isException } ?? false }

  /// Whether something below a directory that is left out may be taken in again; never wrongly false.
  package func mayHaveExceptions(below directory: String) -> Bool { mayHaveExceptions(below: Array(directory.utf8)) }

  package func mayHaveExceptions(below directory: [UInt8]) -> Bool {
    guard hasExceptions else { return false }
    // What excludes the directory excludes all below it: only later exceptions can help.
    let first = decision(on: directory).map { $0 + 1 } ?? 0
    return patterns[first...].contains { $0.isException && $0.mayMatch(below: directory) }
  }

  /// The pattern that decides, which is the last that matches.
  private func decision(on path: [UInt8]) -> Int? { patterns.lastIndex { $0.matches(path) } }
}
