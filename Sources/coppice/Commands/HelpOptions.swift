internal import ImageModel

/// `coppice help`.
struct HelpOptions: CommandOptions {
  /// nil is the overview.
  var command: CommandName?

  static let specification = CommandSpecification(
    name: "help", summary: "show this overview, or the help of a command",
    arguments: [ArgumentSpecification("COMMAND", .optional, "the command (default: an overview of all)")],
    examples: [.init("help build", "the options of build; 'coppice build --help' is the same")],
    exitCodes: [.success, .invalid])

  init(_ arguments: ParsedArguments) throws(InvalidInput) {
    guard let name = arguments.positionals.first else { return }
    command = try CommandName(named: name)
  }
}

extension CommandName {
  /// - Throws: when there is no such command, with the nearest one.
  init(named name: String) throws(InvalidInput) {
    guard let command = CommandName(rawValue: name) else {
      let near = Suggestion.nearest(to: name, among: CommandName.allCases.map(\.rawValue))
      let help = near.map { "did you mean '\($0)'?" } ?? "'coppice help' lists all commands"
      throw InvalidInput([Diagnostic(.error, "unknown command '\(name)'", help: help)])
    }
    self = command
  }
}
