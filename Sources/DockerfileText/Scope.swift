internal import ImageModel

/// The variables that a word can name: build arguments and environment.
struct Scope: Sendable {
  /// The image that a stage begins with.
  struct Base: Sendable {
    /// Canonical; nil when there is none.
    var reference: String?
    var environment: ImageEnvironment
    /// Why a variable of it is not known.
    var reason: String
  }

  /// Nil for the arguments before the first `FROM`.
  var base: Base?
  /// Whether an instruction may have set any variable.
  var isDoubtful = false
  private var values: [String: ShellWord.Value] = [:]
  private var environment: Set<String> = []
  /// Which variables of the base decide a value.
  private var origins: [String: Set<String>] = [:]

  subscript(name: String) -> ShellWord.Value { values[name] ?? inBase(name) }

  /// Which variables of the base decide what a name stands for.
  func origins(of name: String) -> Set<String> {
    values[name] == nil ? originsInBase(name) : origins[name] ?? []
  }

  /// What a name stands for that no instruction set.
  private func inBase(_ name: String) -> ShellWord.Value {
    guard let base, Self.canBeSet(name) else { return .unset }
    switch base.environment[name] {
    case .value(let text): return .set(text)
    case .unset: return .unset
    case .open, .unknown: return .unknown(name == "PATH" ? "engines set it" : base.reason)
    }
  }

  private func originsInBase(_ name: String) -> Set<String> {
    guard let base, Self.canBeSet(name) else { return [] }
    return base.reference == nil ? [] : [name]
  }

  /// `$1` and `$@` are never variables of an image.
  private static func canBeSet(_ name: String) -> Bool {
    name.unicodeScalars.first.map { $0 == "_" || $0.properties.isAlphabetic } ?? false
  }

  /// What a copy takes of a `ReadingBudget`.
  var weight: Int { values.count * 8 }

  /// The scope of a stage that is built from the stage with this scope.
  ///
  /// Variables of the image go on; build arguments only with BuildKit (buildah forgets them).
  var inherited: Scope {
    var scope = self
    for (name, value) in values where !environment.contains(name) {
      let isSame = value == inBase(name)
      scope.values[name] =
        isSame ? nil : .unknown("not every engine passes the ARG of a stage on to the stages built from it")
      scope.origins[name] = nil
    }
    return scope
  }

  /// The variables of the image that a stage with this scope makes.
  var image: ImageEnvironment {
    guard let base, !isDoubtful else { return ImageEnvironment(root: .unknown) }
    var image = base.environment
    for name in environment {
      let names = origins[name, default: []].map(base.environment.names).reduce(into: Set()) { $0.formUnion($1) }
      if case .set(let text)? = values[name] {
        image.variables[name] = ImageEnvironment.Variable(value: text, presumedUnset: names)
      } else {
        image.variables[name] = ImageEnvironment.Variable(value: nil)
      }
    }
    return image
  }

  /// Sets a variable of the image.
  /// - Parameter origins: the variables of the base that decide the value.
  mutating func setEnvironment(_ name: String, _ value: ShellWord.Value, from origins: Set<String> = []) {
    values[name] = value
    environment.insert(name)
    self.origins[name] = origins.isEmpty ? nil : origins
  }

  /// Sets a build argument.
  ///
  /// Over a variable of the image with another value, its own or one of its base, engines disagree: the documentation,
  /// the classic builder and buildah let the variable win, BuildKit the later of both. A base that was not asked yet is
  /// presumed to have none: whoever builds makes sure of that (`DockerfileFacts.askedVariables`).
  mutating func setArgument(_ name: String, _ value: ShellWord.Value, from origins: Set<String> = []) {
    if environment.contains(name) {
      if value != .unset, values[name] != value { values[name] = .unknown("ENV and ARG give it different values") }
      return
    }
    switch base?.environment[name] ?? .unset {
    case .unset:
      if value != .unset || values[name] == nil { values[name] = value }
    case .open where value == .unset, .unknown where value == .unset, .value where value == .unset: return
    case .open:
      values[name] = value
    case .value(let text):
      values[name] = value == .set(text) ? value : .unknown("ENV of the base image and ARG give it different values")
    case .unknown:
      values[name] = .unknown(name == "PATH" ? "engines set it" : "the base image may give it another value")
    }
    let all = origins.union(originsInBase(name))
    self.origins[name] = all.isEmpty ? nil : all
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
