package import ImageModel

/// The line of an ignore file that decides about a path.
package struct IgnoreRule: Hashable, Sendable {
  /// As it is written.
  package var pattern: String
  /// Counted from 1; nil where nobody wrote a file.
  package var line: Int?
  /// Whether it takes in again (`!`).
  package var isException: Bool
}

/// An ignore file made ready: which paths of a context Docker leaves out.
///
/// The last pattern that matches a path, or a directory above it, decides. The Dockerfile and the ignore file can be
/// left out like any file; engines get the Dockerfile all the same.
/// Source: moby/patternmatcher, `MatchesOrParentMatches`.
package struct IgnoreRules: Sendable {
  private let patterns: [IgnorePattern]
  /// Where each pattern comes from.
  private let rules: [IgnoreRule]
  let hasExceptions: Bool

  /// Lines that are no patterns are passed over; `IgnoreReader` tells of them.
  package init(_ file: IgnoreFile) {
    var patterns: [IgnorePattern] = []
    var rules: [IgnoreRule] = []
    for (index, text) in file.patterns.enumerated() {
      guard let pattern = (try? IgnorePattern(line: text)) ?? nil else { continue }
      patterns.append(pattern)
      let line = file.lines.indices.contains(index) ? file.lines[index] : nil
      rules.append(IgnoreRule(pattern: text, line: line, isException: pattern.isException))
    }
    (self.patterns, self.rules) = (patterns, rules)
    hasExceptions = patterns.contains(where: \.isException)
  }

  init(patterns: [String]) { self.init(IgnoreFile(patterns: patterns)) }

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

  /// The rule that leaves the path out or takes it in again; nil where none matches.
  package func rule(deciding path: [UInt8]) -> IgnoreRule? { decision(on: path).map { rules[$0] } }

  /// The pattern that decides, which is the last that matches.
  private func decision(on path: [UInt8]) -> Int? { patterns.lastIndex { $0.matches(path) } }
}
