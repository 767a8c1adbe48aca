internal import ImageModel

/// What help can be had for.
enum HelpTopic: Sendable, Hashable {
  case overview
  case group(CommandGroup)
  case command(CommandName)

  /// Takes the words of a command's name: two where the first is a group's.
  /// - Throws: when there is no such command, with the nearest one.
  init(taking words: inout ArraySlice<String>) throws(InvalidInput) {
    guard let first = words.popFirst() else {
      self = .overview
      return
    }
    guard let group = CommandGroup(rawValue: first) else {
      self = .command(try CommandName(named: first))
      return
    }
    guard let second = words.first, !second.hasPrefix("-") else {
      self = .group(group)
      return
    }
    words.removeFirst()
    self = .command(try CommandName(named: "\(first) \(second)"))
  }
}

extension CommandName {
  /// - Throws: when there is no such command, with the nearest one.
  fileprivate init(named name: String) throws(InvalidInput) {
    guard let command = CommandName(rawValue: name) else {
      let known = CommandName.allCases.map(\.rawValue) + CommandGroup.allCases.map(\.rawValue)
      let near = Suggestion.nearest(to: name, among: known)
      let help = near.map { "did you mean '\($0)'?" } ?? "'coppice help' lists all commands"
      throw InvalidInput([Diagnostic(.error, "unknown command '\(name)'", help: help)])
    }
    self = command
  }
}
