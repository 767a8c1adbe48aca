internal import ImageModel

extension Invocation {
  /// - Parameter isAgreed: `--yes`.
  /// - Throws: `InvalidInput` when there is nobody to ask.
  func agrees(to what: String, isAgreed: Bool) throws(InvalidInput) -> Bool {
    if isAgreed { return true }
    guard isOutputTerminal else {
      throw InvalidInput([
        Diagnostic(.error, "nobody can be asked whether to \(what)", help: "say --yes, or look with --dry-run first")
      ])
    }
    output.write("\(what)? [y/N] ")
    let isAgreed = ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    if !isAgreed { output.write("nothing was changed\n") }
    return isAgreed
  }
}
