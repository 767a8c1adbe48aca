/// What builds from an image take from its config.
package struct BaseConfig: Hashable, Sendable {
  /// Its ONBUILD instructions, `COPY . /src`, in order.
  package var triggers: [String]
  package var environment: ImageEnvironment

  package init(triggers: [String] = [], environment: ImageEnvironment) {
    self.triggers = triggers
    self.environment = environment
  }
}

/// The variables of an image as far as they can be known before it is there: those that Dockerfiles of the tree set,
/// above those of the image from outside that all began with.
package struct ImageEnvironment: Hashable, Sendable {
  /// What the first Dockerfile began with.
  package enum Root: Hashable, Sendable {
    case scratch
    /// By canonical reference.
    case image(String)
    /// Nobody can tell.
    case unknown
  }

  /// One that a Dockerfile sets.
  package struct Variable: Hashable, Sendable {
    /// Nil when only the engine knows.
    package var value: String?
    /// The root was taken to have none of these when the value was made.
    package var presumedUnset: Set<String>

    package init(value: String?, presumedUnset: Set<String> = []) {
      self.value = value
      self.presumedUnset = presumedUnset
    }
  }

  package enum Answer: Hashable, Sendable {
    case value(String)
    case unset
    /// The root decides, and was not asked.
    case open
    /// Only the engine knows.
    case unknown
  }

  package var root: Root
  package var variables: [String: Variable] = [:]
  /// What the root said of the variables that it was asked for; nil for one that it does not have.
  package var answers: [String: String?] = [:]

  package init(root: Root) { self.root = root }

  package subscript(name: String) -> Answer {
    if let variable = variables[name] {
      let isWrong = variable.presumedUnset.contains { answers[$0].flatMap(\.self) != nil }
      return isWrong ? .unknown : variable.value.map { .value($0) } ?? .unknown
    }
    if case .image = root, let answer = answers[name].flatMap(\.self) { return .value(answer) }
    // Where no image sets it, engines do.
    if name == "PATH" { return .unknown }
    return switch root {
    case .scratch: .unset
    case .image: answers[name] == nil ? .open : .unset
    case .unknown: .unknown
    }
  }

  /// The variables of the root on which a variable depends.
  package func names(behind name: String) -> Set<String> {
    if let variable = variables[name] { return variable.presumedUnset }
    if case .image = root { return [name] }
    return []
  }
}
