internal import ImageModel

/// `coppice apply`.
struct ApplyOptions: CommandOptions {
  var plan: String
  var isDryRun: Bool
  var isAgreed: Bool
  var overwrites: Bool
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "apply", summary: "build and publish exactly what a plan says",
    discussion: [
      "Does what the file that 'coppice plan --out' has written says, but for what its 'decisions' ignore or hold back. "
        + "Refuses when the tree, coppice.lock or a destination has moved since, and names what has; what this plan has built "
        + "and published itself is no such thing, so that the same command goes on after a failure."
    ],
    arguments: [ArgumentSpecification("PLAN", .one, "the file of the plan")],
    options: [
      CommonOptions.dryRun("say whether the plan still holds and what it would do, and do nothing"),
      OptionSpecification("yes", short: "y", "do not ask"),
      OptionSpecification("overwrite", "also names that somebody else had moved when the plan was made"),
      CommonOptions.json,
    ],
    examples: [
      .init("apply release_plan.yaml", "after a look at the plan"),
      .init("apply release_plan.yaml --yes", "in a script"),
      .init("apply release_plan.yaml --dry-run", "whether it still holds"),
    ])

  init(_ arguments: ParsedArguments) {
    plan = arguments.positionals.first ?? "release_plan.yaml"
    isDryRun = arguments.has("dry-run")
    isAgreed = arguments.has("yes")
    overwrites = arguments.has("overwrite")
    isJSON = arguments.has("json")
  }
}
