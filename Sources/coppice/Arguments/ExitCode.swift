/// What the process tells its caller; scripts rely on the numbers.
enum ExitCode: Int32, Sendable, CaseIterable {
  case success = 0
  /// A step failed, or the engine, the disk, a held lock or the network refused.
  case failure = 1
  /// The definitions, the settings or the arguments are wrong; nothing was done.
  case invalid = 2
  /// With `--exit-code`: there is something to do.
  case workToDo = 3
  case interrupted = 130
  /// Nobody reads our standard output any more; what a shell shows for SIGPIPE.
  case brokenPipe = 141

  /// The line of the help text.
  var meaning: String {
    switch self {
    case .success: "done"
    case .failure: "a step failed, or the engine, the disk, the network or a held lock refused"
    case .invalid: "the definitions, the settings or the arguments are wrong; nothing was done"
    case .workToDo: "with --exit-code: there is something to do"
    case .interrupted: "interrupted"
    case .brokenPipe: "standard output was closed"
    }
  }
}
