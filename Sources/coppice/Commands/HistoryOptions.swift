/// `coppice history`.
struct HistoryOptions: CommandOptions {
  var target: String?
  var isJSON: Bool
  var limit: Int

  static let specification = CommandSpecification(
    name: "history", summary: "list the builds of the past",
    discussion: [
      "Every recorded build with its number, date (UTC), outcome, duration and first reason, the newest first; with "
        + "--verbose all reasons. One run of 'coppice build' has one number."
    ],
    arguments: [ArgumentSpecification("TARGET", .optional, "one artifact (default: all)")],
    options: [
      CommonOptions.json,
      OptionSpecification("limit", .number("N", 1...Int.max), "at most so many builds", default: "20"),
    ],
    examples: [
      .init("history", "the last builds"), .init("history casa-dev -v", "one image's, with all reasons"),
      .init("history casa-dev:ubuntu-18.04 --limit 100 --json", "one image, for a program"),
    ])

  init(_ arguments: ParsedArguments) {
    target = arguments.positionals.first
    isJSON = arguments.has("json")
    limit = arguments.number("limit") ?? 20
  }
}
