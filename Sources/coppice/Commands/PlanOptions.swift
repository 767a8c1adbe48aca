/// `coppice plan`.
struct PlanOptions: CommandOptions {
  var targets: [String]
  var destinations: [String]
  var isJSON: Bool
  var hasExitCode: Bool

  static let specification = CommandSpecification(
    name: "plan", summary: "say what a release would publish where, and why",
    discussion: [
      "Compares what was built with what the destinations of coppice.yaml really hold; changes nothing. '+' is new there, "
        + "'~' changed, '?' may change with a build to come, '-' was published once and is made by no definition any more; "
        + "with --verbose also '=', which is there as it should be.", CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [PublishOptions.only, CommonOptions.json, CommonOptions.exitCode],
    examples: [
      .init("plan", "what the next release would do"),
      .init("plan --only hub", "at one destination"),
      .init("plan --exit-code --quiet", "for scripts: 3 when something is to be published or built"),
    ],
    exitCodes: [.success, .failure, .invalid, .workToDo])

  init(_ arguments: ParsedArguments) {
    targets = arguments.positionals
    destinations = arguments.list("only")
    isJSON = arguments.has("json")
    hasExitCode = arguments.has("exit-code")
  }
}
