internal import ImageModel

/// `coppice help`.
struct HelpOptions: CommandOptions {
  var topic: HelpTopic

  static let specification = CommandSpecification(
    name: "help", summary: "show this overview, or the help of a command",
    arguments: [ArgumentSpecification("COMMAND", .any, "the command (default: an overview of all)")],
    examples: [
      .init("help build", "the options of build; 'coppice build --help' is the same"),
      .init("help sif", "the commands for SIF files"),
    ],
    exitCodes: [.success, .invalid])

  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    var words = arguments.positionals[...]
    topic = try HelpTopic(taking: &words)
    if let word = words.first { throw InvalidInput([Diagnostic(.error, "coppice help does not take '\(word)'")]) }
  }
}
