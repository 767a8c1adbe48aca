/// `coppice log`.
struct LogOptions: CommandOptions {
  var target: String
  /// By its number in the history; nil is the last.
  var build: Int?

  static let specification = CommandSpecification(
    name: "log", summary: "show the output of a step",
    arguments: [ArgumentSpecification("TARGET", .one, "one artifact: casa-dev:ubuntu-18.04")],
    options: [CommonOptions.build],
    examples: [
      .init("log casa-dev:ubuntu-18.04", "what its last build printed"),
      .init("log casa-dev:ubuntu-18.04 --build 12 | less", "what build 12 printed"),
    ])

  init(_ arguments: ParsedArguments) {
    target = arguments.positionals.first ?? ""
    build = arguments.number("build")
  }
}
