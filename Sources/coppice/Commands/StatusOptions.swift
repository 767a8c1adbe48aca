/// `coppice status`.
struct StatusOptions: CommandOptions {
  var targets: [String]
  var isJSON: Bool
  var hasExitCode: Bool

  static let specification = CommandSpecification(
    name: "status", summary: "say what is current, what is stale, and why",
    discussion: [
      "Compares the tree with coppice.lock and the store; changes nothing, needs neither engine nor network. 'may' marks "
        + "what is built only if an upstream comes out different.", CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [CommonOptions.json, CommonOptions.exitCode],
    examples: [
      .init("status", "everything that is not current, with its reasons"),
      .init("status casa-dev:ubuntu-18.04+", "what a change of casa-dev would touch"),
      .init("status --exit-code --quiet", "for scripts: 3 when something is stale"),
    ],
    exitCodes: [.success, .failure, .invalid, .workToDo])

  init(_ arguments: ParsedArguments) {
    targets = arguments.positionals
    isJSON = arguments.has("json")
    hasExitCode = arguments.has("exit-code")
  }
}
