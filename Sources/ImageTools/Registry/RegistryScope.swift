/// What one wants to be allowed in a registry: distribution specification, "Token Scope".
enum RegistryScope: Hashable, Sendable {
  case pull
  /// And to read the repositories from which blobs shall be mounted.
  case push(mounting: [String])

  func texts(for repository: String) -> [String] {
    switch self {
    case .pull: ["repository:\(repository):pull"]
    case .push(let sources): ["repository:\(repository):pull,push"] + sources.map { "repository:\($0):pull" }
    }
  }
}
