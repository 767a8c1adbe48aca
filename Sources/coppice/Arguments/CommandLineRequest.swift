internal import ImageModel

/// A whole command line: what is asked for, and the options that hold for every command.
struct CommandLineRequest: Sendable {
  var request: Request
  var global: GlobalOptions

  /// - Parameter words: without the program's name.
  /// - Throws: everything that is wrong with them.
  init(_ words: [String]) throws(InvalidInput) {
    var (parsed, rest) = try ArgumentParser.parse(
      words, program: "coppice", options: GlobalOptions.specifications, arguments: nil,
      misplaced: CommandName.allCases.flatMap(\.specification.options))
    let command: CommandName? = if let word = rest.popFirst() { try CommandName(named: word) } else { nil }
    if let command {
      let specification = command.specification
      // `coppice --help build` is help for build, whatever follows.
      let options = specification.options + GlobalOptions.specifications
      let words = parsed.has("help") ? ["--help"] : Array(rest)
      parsed.append(
        try ArgumentParser.parse(
          words, program: "coppice \(command.rawValue)", options: options, arguments: specification.arguments
        ).parsed)
    }
    global = try GlobalOptions(parsed)
    if parsed.has("help") {
      request = .help(command)
    } else if parsed.has("version") {
      request = .version
    } else if let command {
      request = try Request(command, parsed)
    } else {
      request = .help(nil)
    }
  }
}
