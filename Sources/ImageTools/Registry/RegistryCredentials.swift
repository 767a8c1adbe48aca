import HostSystem
import ImageModel
import JSONText

/// The credentials that `docker login`, `podman login` and `buildah login` left for a registry.
struct RegistryCredentials: Sendable {
  let files: any FileSystem
  let processes: any ProcessRunner
  let environment: [String: String]
  private let helpers = SharedAnswers<[String], Credential?>()

  init(files: any FileSystem, processes: any ProcessRunner, environment: [String: String]) {
    (self.files, self.processes) = (files, processes)
    self.environment = environment.filter { !$0.value.isEmpty }
  }

  /// - Throws: `Failure` for a file or a helper that cannot be used; one that knows nothing of the registry is no error.
  func credential(for reference: ImageReference) async throws -> Credential? {
    for path in places {
      guard let bytes = try contents(of: path) else { continue }
      guard let configuration = try? JSONValue(parsing: bytes), configuration.object != nil else {
        throw Failure("\(path) is not JSON", help: "repair it, or remove it and log in again")
      }
      if let found = try await credential(in: configuration, of: path, for: reference) { return found }
    }
    return nil
  }

  private func contents(of path: FilePath) throws(Failure) -> [UInt8]? {
    do {
      return try files.contentsIfPresent(of: path, limit: 4 << 20)
    } catch {
      throw error.failure
    }
  }

  /// What a person has named first, then those of podman and buildah, as they look, then docker's.
  private var places: [FilePath] {
    let home = environment["HOME"].map { FilePath($0) }
    let runtime = environment["XDG_RUNTIME_DIR"] ?? userID.map { "/run/containers/\($0)" }
    let runtimeFile: FilePath = environment["XDG_RUNTIME_DIR"] == nil ? "auth.json" : "containers/auth.json"
    let settings = environment["XDG_CONFIG_HOME"].map { FilePath($0) } ?? home.map { $0 / ".config" }
    let places = [
      environment["REGISTRY_AUTH_FILE"].map { FilePath($0) },
      environment["DOCKER_CONFIG"].map { FilePath($0) / "config.json" },
      runtime.map { FilePath($0) / runtimeFile },
      settings.map { $0 / "containers/auth.json" },
      environment["DOCKER_CONFIG"] == nil ? home.map { $0 / ".docker/config.json" } : nil,
    ]
    return places.compactMap(\.self).filter(\.isAbsolute)
  }

  private var userID: String? {
    guard let status = try? files.contents(of: "/proc/self/status", limit: 1 << 16) else { return nil }
    let line = status.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: Array("Uid:".utf8)) }
    return line.flatMap { String(decoding: $0, as: UTF8.self).split(whereSeparator: \.isWhitespace).dropFirst().first }
      .map(String.init)
  }

  private func credential(
    in configuration: JSONValue, of path: FilePath, for reference: ImageReference
  ) async throws -> Credential? {
    let hosts = Self.hosts(reference.effectiveRegistry)
    let helper = hosts.lazy.compactMap { configuration["credHelpers"]?[$0]?.string }.first
    if let helper = helper ?? configuration["credsStore"]?.string, !helper.isEmpty,
      let found = try await ask(helper, of: path, about: reference.effectiveRegistry)
    {
      return found
    }
    for key in Self.keys(reference) {
      guard let entry = configuration["auths"]?[key] else { continue }
      if let found = try Self.credential(entry, key, path) { return found }
    }
    return nil
  }

  /// From the most special to the host itself; podman keeps credentials for a part of a registry too.
  static func keys(_ reference: ImageReference) -> [String] {
    let registry = reference.effectiveRegistry
    var path = reference.effectiveRepository.split(separator: "/")
    var keys: [String] = []
    while !path.isEmpty {
      keys.append(registry + "/" + path.joined(separator: "/"))
      path.removeLast()
    }
    return keys + hosts(registry)
  }

  /// The spellings of a registry in files that docker has written over the years.
  static func hosts(_ registry: String) -> [String] {
    if registry == "docker.io" { return [dockerHub, "docker.io", "index.docker.io", "registry-1.docker.io"] }
    return [registry]
      + ["https", "http"].flatMap { scheme in
        ["", "/", "/v1/", "/v2/"].map { "\(scheme)://\(registry)\($0)" }
      }
  }

  private static let dockerHub = "https://index.docker.io/v1/"

  private static func credential(_ entry: JSONValue, _ key: String, _ path: FilePath) throws(Failure) -> Credential? {
    if let token = entry["registrytoken"]?.string, !token.isEmpty { return .token(token) }
    if let token = entry["identitytoken"]?.string, !token.isEmpty { return .identity(token) }
    if let user = entry["username"]?.string, let password = entry["password"]?.string, !user.isEmpty {
      return .password(user: user, password: password)
    }
    guard let auth = entry["auth"]?.string, !auth.isEmpty else { return nil }
    guard let bytes = Base64.decode(auth), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
      throw Failure("the login for \(key) in \(path) cannot be understood", help: "log in again")
    }
    let password = bytes[(colon + 1)...].reversed().drop { $0 == 0 }.reversed()
    return .password(
      user: String(decoding: bytes[..<colon], as: UTF8.self), password: String(decoding: password, as: UTF8.self))
  }

  private func ask(_ name: String, of path: FilePath, about registry: String) async throws -> Credential? {
    let server = registry == "docker.io" ? Self.dockerHub : registry
    let helper = CredentialHelper(name, source: path, files: files, processes: processes, environment: environment)
    return try await helpers.answer(for: [name, server]) { try await helper.credential(for: server) }
  }
}
