import Testing

@testable import coppice

@Suite struct HelpTextTests {
  @Test(arguments: CommandName.allCases)
  func theHelpOfACommandNamesAllThatItTakes(command: CommandName) {
    let help = HelpText().text(command.specification)
    for option in command.specification.options + GlobalOptions.specifications {
      #expect(help.contains("--" + option.long))
      if let short = option.short { #expect(help.contains("-\(short), --\(option.long)")) }
    }
    for argument in command.specification.arguments { #expect(help.contains(argument.name)) }
    #expect(help.contains("Usage:\n  coppice \(command.rawValue)"))
    #expect(help.contains("Exit status:"))
  }

  @Test(arguments: CommandName.allCases, [80, 100])
  func noLineIsLongerThanTheTerminal(command: CommandName, width: Int) {
    for line in HelpText(width: width).text(command.specification).split(separator: "\n") {
      #expect(DisplayWidth.of(line) <= width, "\(line)")
      #expect(line.last != " ")
    }
  }

  @Test func theOverviewNamesEveryCommandWithinEightyColumns() {
    let overview = HelpText().overview()
    for command in CommandName.allCases {
      let listed = command.group.map { HelpText().text(.group($0)) } ?? overview
      #expect(listed.contains("\n  \(command.rawValue) "))
      #expect(listed.contains(command.specification.summary))
      if let group = command.group { #expect(overview.contains("\n  \(group.rawValue) …")) }
    }
    #expect(overview.split(separator: "\n").allSatisfy { DisplayWidth.of($0) <= 80 })
  }

  @Test func lettersAreUsedOnceInACommand() {
    for command in CommandName.allCases {
      let options = command.specification.options + GlobalOptions.specifications
      #expect(Set(options.map(\.long)).count == options.count)
      let letters = options.compactMap(\.short)
      #expect(Set(letters).count == letters.count)
    }
  }

  @Test func theHelpOfLogIsAsItWas() {
    let help = HelpText().text(LogOptions.specification)
    let own = help.components(before: "Global options:")
    #expect(
      own == """
        coppice log: show the output of a step

        Usage:
          coppice log TARGET [OPTION…]

        Arguments:
          TARGET  one artifact: casa-dev:ubuntu-18.04

        Options:
              --build N  the build with this number in 'coppice history' (default: the
                         last one)


        """)
  }
}

extension String {
  fileprivate func components(before marker: String) -> String {
    firstRange(of: marker).map { String(self[..<$0.lowerBound]) } ?? self
  }
}
