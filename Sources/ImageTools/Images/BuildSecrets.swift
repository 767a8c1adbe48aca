import BuildEngine
import HostSystem
import ImageModel

/// The secrets of one build: each in a file that only we can read, and never in a line of the log.
struct BuildSecrets: Sendable {
  private var values: [(id: String, bytes: [UInt8])] = []

  /// - Throws: `StepFailure` when one cannot be had.
  init(_ recipe: ImageRecipe, files: any FileSystem, environment: [String: String]) throws {
    for secret in recipe.secrets {
      switch secret.source {
      case .environment(let name):
        guard let value = environment[name] else {
          throw StepFailure(
            "the secret '\(secret.id)' is in the variable \(name), which is not set", at: recipe.location,
            help: "set \(name) and build again")
        }
        values.append((secret.id, Array(value.utf8)))
      case .file(let path):
        do {
          let place = recipe.definition.directory / path
          values.append((secret.id, try files.contents(of: place, limit: 1 << 20)))
        } catch {
          throw StepFailure(
            "the secret '\(secret.id)': \(error)", at: recipe.location)
        }
      }
    }
  }

  var isEmpty: Bool { values.isEmpty }

  func paths(in directory: FilePath) -> [String: FilePath] {
    Dictionary(values.indices.map { (values[$0].id, directory / FilePath("\($0)")) }) { $1 }
  }

  func write(to directory: FilePath, files: any FileSystem) throws {
    if values.isEmpty { return }
    try files.createDirectory(directory)
    try files.setMode(0o700, of: directory)
    for index in values.indices {
      try files.replace(directory / FilePath("\(index)"), with: values[index].bytes, mode: 0o600)
    }
  }

  /// A log that shows no secret, for builds that print one by mistake. Short values would hide ordinary words.
  func hiding(in log: @escaping @Sendable (String) -> Void) -> @Sendable (String) -> Void {
    let words = words
    if words.isEmpty { return log }
    return { line in log(Self.hide(words, in: line)) }
  }

  /// An engine's failure quotes the build's last lines.
  func hiding(in error: any Error) -> any Error {
    func hide(_ text: String) -> String { Self.hide(words, in: text) }
    switch error {
    case var failure as StepFailure:
      failure.message = hide(failure.message)
      failure.help = failure.help.map(hide)
      return failure
    case var failure as Failure:
      failure.message = hide(failure.message)
      failure.help = failure.help.map(hide)
      return failure
    default: return error
    }
  }

  private var words: [Substring] {
    values.flatMap { String(decoding: $0.bytes, as: UTF8.self).split(whereSeparator: \.isNewline) }
      .filter { $0.count >= 6 }.sorted { $0.count > $1.count }
  }

  private static func hide(_ words: [Substring], in text: String) -> String {
    words.reduce(text) { $0.replacing($1, with: "***") }
  }
}
