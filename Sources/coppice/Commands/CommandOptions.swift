internal import ImageModel

/// What one command was asked for.
protocol CommandOptions: Sendable {
  static var specification: CommandSpecification { get }
  /// - Precondition: the arguments were parsed with `specification`.
  /// - Throws: when options contradict each other.
  init(_ arguments: ParsedArguments) throws(InvalidInput)
}

/// What several commands share.
enum CommonOptions {
  static let json = OptionSpecification("json", "print JSON for programs instead of text for people")
  static let exitCode = OptionSpecification("exit-code", "exit with 3 when there is something to do")
  static let build = OptionSpecification(
    "build", .number("N", 1...Int.max), "the build with this number in 'coppice history'", default: "the last one")

  static func dryRun(_ summary: String) -> OptionSpecification { OptionSpecification("dry-run", short: "n", summary) }

  static func targets(_ summary: String) -> ArgumentSpecification { ArgumentSpecification("TARGET", .any, summary) }

  /// How targets are written.
  static let targetSyntax =
    "A TARGET is all; an artifact, casa-dev:ubuntu-18.04 or docker/casa-dev:ubuntu-18.04; a pattern, 'casa-*' or "
    + "'docker/*'; or a directory of definitions. +TARGET adds everything upstream of it, TARGET+ everything downstream."
}
