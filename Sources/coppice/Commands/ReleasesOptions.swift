/// `coppice releases`.
struct ReleasesOptions: CommandOptions {
  var isJSON: Bool

  static let specification = CommandSpecification(
    name: "releases", summary: "list what was published, and when",
    discussion: ["Reads the files of releases/, the newest first; --verbose shows every name."],
    options: [CommonOptions.json],
    examples: [.init("releases", "every release with its number of names")])

  init(_ arguments: ParsedArguments) { isJSON = arguments.has("json") }
}
