/// `coppice lint`.
struct LintOptions: CommandOptions {
  var targets: [String]
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "lint", summary: "check the definitions and Dockerfiles",
    discussion: [
      "Reports all faults of all files, and what is legal but costs rebuilds: undeclared dependencies, contexts that "
        + "cannot be narrowed, unpinned bases. Errors give exit status 2, warnings and notes do not.",
      CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [CommonOptions.json],
    examples: [.init("lint", "everything"), .init("lint casa-dev:ubuntu-18.04", "one image")])

  init(_ arguments: ParsedArguments) {
    targets = arguments.positionals
    isJSON = arguments.has("json")
  }
}
