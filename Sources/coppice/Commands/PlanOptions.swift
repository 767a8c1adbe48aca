/// `coppice plan`.
struct PlanOptions: CommandOptions {
  var targets: [String]
  var destinations: [String]
  var isJSON: Bool
  var hasExitCode: Bool
  /// Whether every reason has a line.
  var showsReasons: Bool
  /// The file that the plan is written to.
  var out: String?
  /// The file that the page is written to.
  var page: String?
  /// Whether plan and page are put where files are published.
  var isPut: Bool

  static let specification = CommandSpecification(
    name: "plan", summary: "say what a release would publish where, and why",
    discussion: [
      "Compares what was built with what the destinations of coppice.yaml really hold; changes nothing. '+' is new there, "
        + "'~' changed, '?' may change with a build to come, '-' was published once and is made by no definition any more; "
        + "with --verbose also '=', which is there as it should be; '!' cannot be told, since its destination cannot be asked.",
      "With --out the plan becomes a file that people look at and 'coppice apply' does. Its 'decisions' are theirs: lists of "
        + "artifacts to ignore or to hold back, which stay when the plan is made anew.", CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [
      PublishOptions.only,
      OptionSpecification("out", short: "o", .text("FILE"), "write the plan to a YAML file, for 'coppice apply'"),
      OptionSpecification("html", .text("FILE"), "write the plan as one web page, with the graph as a picture"),
      OptionSpecification(
        "put", "put the plan, as release_plan.yaml and release_plan.html, where files are published, for others to see"),
      OptionSpecification("why", "show every reason, down to the root causes"), CommonOptions.json,
      CommonOptions.exitCode,
    ],
    examples: [
      .init("plan", "what the next release would do"),
      .init("plan --only hub", "at one destination"),
      .init("plan --out release_plan.yaml", "as a file, to be looked at and applied"),
      .init("plan --html plan.html", "as a page for a browser, which needs nothing else"),
      .init("plan -o release_plan.yaml --put", "the same, and where those see it who wait for the release"),
      .init("plan --exit-code --quiet", "for scripts: 3 when something is to be published or built"),
    ],
    exitCodes: [.success, .failure, .invalid, .workToDo])

  init(_ arguments: ParsedArguments) {
    targets = arguments.positionals
    destinations = arguments.list("only")
    isJSON = arguments.has("json")
    hasExitCode = arguments.has("exit-code")
    showsReasons = arguments.has("why")
    out = arguments.value("out")
    page = arguments.value("html")
    isPut = arguments.has("put")
  }
}
