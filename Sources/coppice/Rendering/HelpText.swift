/// The help of a command, made from its specification.
struct HelpText {
  /// The columns of a line.
  var width = 80
  var style = Style.plain

  private static let indent = 2

  func text(_ topic: HelpTopic) -> String {
    switch topic {
    case .overview: overview()
    case .group(let group): text(group)
    case .command(let command): text(command.specification)
    }
  }

  /// `coppice help`: every command and every group of commands with its summary.
  func overview() -> String {
    let commands = CommandName.allCases.compactMap { command -> Entry? in
      guard let group = command.group else { return (command.rawValue, command.specification.summary) }
      return command == group.commands.first ? ("\(group.rawValue) …", group.summary) : nil
    }
    return [
      wrapped(
        "coppice builds trees of images: it rebuilds what a change has affected, says why, and leaves the rest alone."),
      heading("Usage") + "\n  coppice COMMAND [ARGUMENT…] [OPTION…]",
      section("Commands", commands),
      section("Global options", GlobalOptions.specifications.map(entry)),
      examples([
        .init("list", "what there is"), .init("status", "what is current and what is not, and why"),
        .init("build all", "build what is stale, and only that"),
        .init("help build", "everything about one command"),
      ]),
    ].joined(separator: "\n\n") + "\n"
  }

  /// `coppice help GROUP`.
  private func text(_ group: CommandGroup) -> String {
    let commands = group.commands.map { (term: $0.rawValue, text: $0.specification.summary) }
    return [
      wrapped("coppice \(group.rawValue): \(group.summary)"),
      heading("Usage") + "\n  coppice \(group.rawValue) COMMAND [ARGUMENT…] [OPTION…]",
      section("Commands", commands), section("Global options", GlobalOptions.specifications.map(entry)),
      examples([.init("help \(commands.first?.term ?? "")", "everything about one command")]),
    ].joined(separator: "\n\n") + "\n"
  }

  /// `coppice help COMMAND`.
  func text(_ specification: CommandSpecification) -> String {
    let usage = ["coppice", specification.name] + specification.arguments.map(\.usage) + ["[OPTION…]"]
    var parts = [wrapped("coppice \(specification.name): \(specification.summary)")]
    parts.append(heading("Usage") + "\n  " + usage.joined(separator: " "))
    parts += specification.discussion.map(wrapped)
    if !specification.arguments.isEmpty {
      parts.append(section("Arguments", specification.arguments.map { (term: $0.name, text: $0.summary) }))
    }
    if !specification.options.isEmpty { parts.append(section("Options", specification.options.map(entry))) }
    if let glossary = specification.glossary { parts.append(section(glossary.title, glossary.entries)) }
    parts.append(section("Global options", GlobalOptions.specifications.map(entry)))
    if !specification.examples.isEmpty { parts.append(examples(specification.examples)) }
    let codes = specification.exitCodes + [.interrupted]
    parts.append(section("Exit status", codes.map { (term: String($0.rawValue), text: $0.meaning) }))
    return parts.joined(separator: "\n\n") + "\n"
  }

  private typealias Entry = (term: String, text: String)

  private func entry(_ option: OptionSpecification) -> Entry {
    let letter = option.short.map { "-\($0), " } ?? "    "
    let text = option.summary + (option.defaultText.map { " (default: \($0))" } ?? "")
    return (letter + option.usage, text)
  }

  private func section(_ title: String, _ entries: [Entry]) -> String {
    let longest = entries.map { DisplayWidth.of($0.term) }.filter { $0 <= 24 }.max() ?? 0
    let column = Self.indent + longest + 2
    let lines = entries.map { entry in
      let gap = longest - DisplayWidth.of(entry.term)
      // A long term has a line of its own.
      let space = gap >= 0 ? String(repeating: " ", count: gap + 2) : "\n" + String(repeating: " ", count: column)
      let term = String(repeating: " ", count: Self.indent) + style(.bold, entry.term)
      return term + space + Wrapping.wrap(entry.text, width: width, indent: column)
    }
    return ([heading(title)] + lines).joined(separator: "\n")
  }

  private func examples(_ examples: [CommandSpecification.Example]) -> String {
    let lines = examples.map { example in
      "  " + style(.bold, "coppice \(example.command)") + "\n      "
        + Wrapping.wrap(example.summary, width: width, indent: 6)
    }
    return ([heading("Examples")] + lines).joined(separator: "\n")
  }

  private func heading(_ title: String) -> String { style(.bold, title + ":") }
  private func wrapped(_ text: String) -> String { Wrapping.wrap(text, width: width, indent: 0) }
}
