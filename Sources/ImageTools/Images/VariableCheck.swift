import BuildEngine
import ImageModel

/// Whether the variables of an image are those with which the files of a build were chosen.
struct VariableCheck: Sendable {
  private let names: Set<String>
  private let known: ImageEnvironment

  /// - Parameter names: of the variables that decide which files are taken.
  init(_ names: Set<String>, _ known: ImageEnvironment) { (self.names, self.known) = (names, known) }

  /// - Parameter environment: the variables that the image has.
  /// - Throws: `StepFailure` for the first one that is another.
  func check(_ environment: [String: String], of use: ImageUse) throws(StepFailure) {
    for name in names.sorted() where !isAsKnown(name, environment[name]) {
      throw StepFailure(
        "the image \(use.reference) sets \(name), which decides the files that are taken, and its value was not known",
        at: use.location,
        help: "run `coppice update`, which records it with the pin; or give the ARG another name than its ENV has")
    }
  }

  private func isAsKnown(_ name: String, _ value: String?) -> Bool {
    switch known[name] {
    case .value(let text): value == text
    case .unset, .open: value == nil
    case .unknown: true
    }
  }
}
