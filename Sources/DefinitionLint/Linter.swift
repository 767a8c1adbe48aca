package import ImageModel
internal import YAMLText

/// Judges a tree: all rules, less what a person has switched off.
package struct Linter: Sendable {
  /// Empty for all.
  private let chosen: Set<LintRule>
  private let ignored: Set<LintRule>
  private let text: @Sendable (FilePath) -> [UInt8]?

  /// - Parameter text: the contents of a file that a finding is about, to show its line and to look for comments.
  package init(
    only chosen: Set<LintRule> = [], ignoring ignored: Set<LintRule> = [],
    text: @escaping @Sendable (FilePath) -> [UInt8]?
  ) {
    self.chosen = chosen
    self.ignored = ignored
    self.text = text
  }

  /// Sorted by place, each once: images of one definition share their lines.
  /// - Parameter reported: what was told while definitions were read.
  package func findings(in tree: LintedTree, reported: [Diagnostic]) -> [Diagnostic] {
    var findings = Set(reported)
    for image in tree.images {
      findings.formUnion(image.recipe.dockerfile.diagnostics.filter { $0.severity == .note })
      findings.formUnion(image.context.diagnostics)
    }
    for check in LintCheck.all where isWanted(check.rule) { findings.formUnion(check.findings(in: tree)) }
    var sources = Sources(tree, text)
    var shown = Set<Diagnostic>()
    for var finding in findings {
      if let rule = finding.rule, !isWanted(rule) { continue }
      if let place = finding.location, place.line > 0 {
        let source = sources[place.file]
        if let rule = finding.rule, source?.suppressions.suppress(rule, at: place.line) == true { continue }
        if finding.sourceLine == nil { finding.sourceLine = source?.text.line(place.line) }
      }
      shown.insert(finding)
    }
    return shown.sorted()
  }

  private func isWanted(_ rule: LintRule) -> Bool {
    (chosen.isEmpty || chosen.contains(rule)) && !ignored.contains(rule)
  }

  /// The files that findings are about, each read once. Of a Dockerfile what the template made counts, since places are
  /// counted in that.
  private struct Sources {
    struct Source {
      var text: SourceText
      var suppressions: Suppressions
    }

    private var known: [FilePath: Source?] = [:]
    private let read: (FilePath) -> [UInt8]?

    init(_ tree: LintedTree, _ read: @escaping (FilePath) -> [UInt8]?) {
      self.read = read
      for image in tree.images where known[image.recipe.dockerfile.file] == nil {
        add(image.recipe.dockerfile.file, image.recipe.dockerfile.text)
      }
    }

    subscript(file: FilePath) -> Source? {
      mutating get {
        if known[file] == nil { add(file, read(file)) }
        return known[file] ?? nil
      }
    }

    private mutating func add(_ file: FilePath, _ bytes: [UInt8]?) {
      known[file] = .some(
        bytes.map {
          Source(text: SourceText($0, file: file), suppressions: Suppressions(String(decoding: $0, as: UTF8.self)))
        })
    }
  }
}
