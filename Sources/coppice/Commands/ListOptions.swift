/// `coppice list`.
struct ListOptions: CommandOptions {
  var targets: [String]
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "list", summary: "list the artifacts of the tree",
    discussion: [
      "Every artifact with its definition and the images that it is made from. A definition that hides another one of "
        + "the same path is marked.", CommonOptions.targetSyntax,
    ],
    arguments: [CommonOptions.targets("which artifacts (default: all)")],
    options: [CommonOptions.json],
    examples: [
      .init("list", "all artifacts"), .init("list 'casa-*' --json", "some of them, for a program"),
    ])

  init(_ arguments: ParsedArguments) {
    targets = arguments.positionals
    isJSON = arguments.has("json")
  }
}
