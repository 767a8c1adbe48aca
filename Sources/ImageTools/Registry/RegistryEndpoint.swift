import ImageModel

/// Where a registry serves one repository.
struct RegistryEndpoint: Sendable {
  let reference: ImageReference
  var scheme = "https"

  init(_ reference: ImageReference) { self.reference = reference }

  var registry: String { reference.effectiveRegistry }
  var host: String { registry == "docker.io" ? "registry-1.docker.io" : registry }

  /// Registries of this machine may speak plain http, as docker allows it.
  var allowsPlainHTTP: Bool { Loopback.isLoopback(registry) }
  /// Whether https and plain http would mean two ports.
  var hasPort: Bool { registry.split(separator: "]").last?.contains(":") ?? false }

  /// Whether a URL is one of this server, spoken to in this way.
  func isAt(_ url: String) -> Bool { WebAddress(url) == WebAddress("\(scheme)://\(host)/") }

  /// - Parameter path: below the repository: `manifests/24.04`.
  func url(_ path: String) -> String { "\(scheme)://\(host)/v2/\(reference.effectiveRepository)/\(path)" }
}
