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
    let topic = try HelpTopic(taking: &rest)
    if topic != .overview {
      // `coppice --help build` is help for build, whatever follows.
      let words = parsed.has("help") ? ["--help"] : Array(rest)
      parsed.append(
        try ArgumentParser.parse(
          words, program: "coppice \(topic.name)", options: topic.options + GlobalOptions.specifications,
          arguments: topic.arguments
        ).parsed)
    }
    global = try GlobalOptions(parsed)
    if parsed.has("help") {
      request = .help(topic)
    } else if parsed.has("version") {
      request = .version
    } else if case .command(let command) = topic {
      request = try Request(command, parsed)
    } else {
      request = .help(topic)
    }
  }
}

extension HelpTopic {
  fileprivate var name: String {
    switch self {
    case .overview: ""
    case .group(let group): group.rawValue
    case .command(let command): command.rawValue
    }
  }

  fileprivate var options: [OptionSpecification] {
    if case .command(let command) = self { command.specification.options } else { [] }
  }

  fileprivate var arguments: [ArgumentSpecification] {
    if case .command(let command) = self { command.specification.arguments } else { [] }
  }
}
