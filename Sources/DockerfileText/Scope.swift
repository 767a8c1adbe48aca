/// The variables that a word can name: build arguments and environment.
struct Scope: Sendable {
  /// What a name stands for that nobody declared.
  var undeclared: ShellWord.Value = .unset
  private var values: [String: ShellWord.Value] = [:]
  private var environment: Set<String> = []

  subscript(name: String) -> ShellWord.Value {
    if let value = values[name] { return value }
    // `$1` and `$@` are never variables of a base image.
    guard let first = name.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else { return .unset }
    return undeclared
  }

  /// What a copy takes of a `ReadingBudget`.
  var weight: Int { values.count * 8 }

  /// The scope of a stage that is built from the stage with this scope.
  ///
  /// Variables of the image go on; build arguments only with BuildKit (buildah forgets them).
  var inherited: Scope {
    var scope = self
    for (name, value) in values where !environment.contains(name) && value != undeclared {
      scope.values[name] = .unknown("not every engine passes the ARG of a stage on to the stages built from it")
    }
    return scope
  }

  /// Sets a variable of the image.
  mutating func setEnvironment(_ name: String, _ value: ShellWord.Value) {
    values[name] = value
    environment.insert(name)
  }

  /// Sets a build argument.
  ///
  /// Over a variable of the image with another value, engines disagree: the documentation, the classic builder and
  /// buildah let the variable win, BuildKit the later of both.
  mutating func setArgument(_ name: String, _ value: ShellWord.Value) {
    if environment.contains(name) {
      if value != .unset, values[name] != value { values[name] = .unknown("ENV and ARG give it different values") }
    } else if value == .unset {
      if values[name] == nil { values[name] = undeclared == .unset ? .unset : undeclared }
    } else {
      values[name] = value
    }
  }
}

extension ShellWord.Value {
  /// The value of a word that holds a variable which is unknown for `reason`.
  ///
  /// Only the last variable is named: values that are made of each other would have ever longer reasons.
  static func unknown(madeOf name: String, for reason: String) -> Self {
    let beginning = "it is made of '"
    return .unknown(reason.hasPrefix(beginning) ? reason : "\(beginning)\(name)', and \(reason)")
  }
}
