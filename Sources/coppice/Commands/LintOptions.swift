internal import ImageModel

/// `coppice lint`.
struct LintOptions: CommandOptions {
  var targets: [String]
  /// Empty for all.
  var rules: Set<LintRule>
  var ignored: Set<LintRule>
  var isStrict: Bool
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "lint", summary: "check the definitions, Dockerfiles and contexts",
    discussion: [
      "Reports all faults of all files, and by the rules below what is legal but costs rebuilds, fails later or was "
        + "hardly meant. No image is built and no file is hashed. Errors give exit status 2, warnings only with "
        + "--strict, notes never.",
      "A comment '# coppice: ignore=RULE' above a line of a Dockerfile or a definition switches a rule off there, "
        + "'lint: {ignore: [RULE]}' in coppice.yaml everywhere.",
      CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [
      OptionSpecification("rule", .text("NAME"), "only what this rule finds; may be given again, or NAME,NAME"),
      OptionSpecification("ignore", .text("NAME"), "not what this rule finds; may be given again, or NAME,NAME"),
      OptionSpecification("strict", "warnings count as errors do"),
      CommonOptions.json,
    ],
    glossary: Glossary(title: "Rules", entries: LintRule.allCases.map { (term: $0.rawValue, text: $0.summary) }),
    examples: [
      .init("lint", "everything"), .init("lint casa-dev:ubuntu-18.04", "one image"),
      .init("lint --strict --ignore unpinned-base", "for a CI server"),
    ])

  /// - Throws: for every name that is no rule.
  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    targets = arguments.positionals
    isStrict = arguments.has("strict")
    isJSON = arguments.has("json")
    var faults: [Diagnostic] = []
    rules = Self.rules(arguments, "rule", &faults)
    ignored = Self.rules(arguments, "ignore", &faults)
    if !faults.isEmpty { throw InvalidInput(faults) }
  }

  private static func rules(
    _ arguments: ParsedArguments, _ option: String, _ faults: inout [Diagnostic]
  ) -> Set<LintRule> {
    var rules = Set<LintRule>()
    for name in (arguments.values[option] ?? []).flatMap({ $0.split(separator: ",") }).map(String.init) {
      if let rule = LintRule(rawValue: name) {
        rules.insert(rule)
      } else {
        let nearest = Suggestion.nearest(to: name, among: LintRule.allCases.map(\.rawValue))
        faults.append(
          Diagnostic(
            .error, "--\(option): there is no rule '\(name)'",
            help: nearest.map { "did you mean \($0)?" } ?? "'coppice help lint' lists the rules"))
      }
    }
    return rules
  }
}
